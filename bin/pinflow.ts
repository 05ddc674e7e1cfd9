import { buildApp, newApp } from '../lib/app.ts';
import { profileNamed, SWITCHES, withAuth, withSwitch } from '../lib/profiles/index.ts';

const app = newApp();
const context = (key: string, otherwise: string): string => app.node.tryGetContext(key) ?? otherwise;
const named = profileNamed(context('profile', 'laptop'));
buildApp(app, {
  profile: SWITCHES.reduce(
    (profile, name) => withSwitch(profile, name, app.node.tryGetContext(name)),
    withAuth(named, context('auth', named.api.auth)),
  ),
  deployment: context('deployment', 'demo'),
});
app.synth();
