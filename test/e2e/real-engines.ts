import { kafkaInstallation, pythonPath, sparkInstallation, trinoInstallation } from '../../setup/paths.mjs';

/** Of a runtime with every engine, at free ports. */
export const onRealEngines = () => ({
  python: pythonPath(),
  kafka: kafkaInstallation(),
  spark: sparkInstallation(),
  trino: trinoInstallation(),
  port: 0,
  apiPort: 0,
});
