import { buildApp, newApp } from '../lib/app.ts';
import { profileNamed, withAuth, withBatchPath } from '../lib/profiles/index.ts';

const app = newApp();
const context = (key: string, otherwise: string): string => app.node.tryGetContext(key) ?? otherwise;
const profile = profileNamed(context('profile', 'laptop'));
buildApp(app, {
  profile: withBatchPath(withAuth(profile, context('auth', profile.api.auth)), app.node.tryGetContext('batchPath')),
  deployment: context('deployment', 'demo'),
});
app.synth();
