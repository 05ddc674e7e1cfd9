import { count, feed, integer, text } from '../rules/vocabulary.ts';

export const pin = feed('pin', {
  rules: 1,
  key: 'index',
  fields: {
    unique_id: text(),
    title: text({ null: ['No Title Data Available'] }),
    description: text({ null: ['No description available', 'No description available Story format'] }),
    follower_count: count({ null: ['User Info Error'] }),
    poster_name: text({ null: ['User Info Error'] }),
    tag_list: text({ null: ['N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e'] }),
    is_image_or_video: text(),
    image_src: text({ null: ['Image src error.'] }),
    save_location: text({ stripPrefix: 'Local save in ' }),
    category: text(),
    downloaded: integer({ min: 0, max: 1 }),
  },
});
