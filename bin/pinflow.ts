import { buildApp, newApp } from '../lib/app.ts';
import { profileNamed } from '../lib/profiles/index.ts';

const app = newApp();
const context = (key: string, otherwise: string): string => app.node.tryGetContext(key) ?? otherwise;
buildApp(app, { profile: profileNamed(context('profile', 'laptop')), deployment: context('deployment', 'demo') });
app.synth();
