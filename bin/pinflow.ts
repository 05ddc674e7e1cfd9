import { buildApp, newApp } from '../lib/app.ts';
import { profileNamed, SWITCHES, withAlarms, withAuth, withSwitch } from '../lib/profiles/index.ts';

const app = newApp();
const context = (key: string, otherwise: string): string => app.node.tryGetContext(key) ?? otherwise;
const named = profileNamed(context('profile', 'laptop'));
buildApp(app, {
  profile: withAlarms(
    SWITCHES.reduce(
      (profile, name) => withSwitch(profile, name, app.node.tryGetContext(name)),
      withAuth(named, context('auth', named.api.auth)),
    ),
    app.node.getAllContext(),
  ),
  deployment: context('deployment', 'demo'),
});
app.synth();
