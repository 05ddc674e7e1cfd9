import { buildApp, newApp } from '../lib/app.ts';
import { profileNamed, withAuth } from '../lib/profiles/index.ts';

const app = newApp();
const context = (key: string, otherwise: string): string => app.node.tryGetContext(key) ?? otherwise;
const profile = profileNamed(context('profile', 'laptop'));
buildApp(app, {
  profile: withAuth(profile, context('auth', profile.api.auth)),
  deployment: context('deployment', 'demo'),
});
app.synth();
