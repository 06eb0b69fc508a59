/**
 * A framework plugin for a copy of the checkout: takes resource types out of the compiled template that the emulator
 * refuses. `LEFT_OUT_TYPES` names them, separated by commas.
 */
module.exports = class LeaveOutPlugin {
  constructor(serverless) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const template = serverless.service.provider.compiledCloudFormationTemplate;
        const leftOut = new Set((process.env.LEFT_OUT_TYPES ?? '').split(','));
        for (const [id, { Type }] of Object.entries(template.Resources)) {
          if (!leftOut.has(Type)) continue;
          delete template.Resources[id];
          for (const [name, output] of Object.entries(template.Outputs ?? {}))
            if (JSON.stringify(output).includes(`"${id}"`)) delete template.Outputs[name];
        }
      },
    };
  }
};
