/** A template of fleet provisioning, with other members in place of its own. */
export function templateWith(more: object = {}): string {
  return JSON.stringify({
    Parameters: {
      SerialNumber: { Type: 'String' },
      Place: { Type: 'String', Default: 'WA' },
      'AWS::IoT::Certificate::Id': { Type: 'String' },
    },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { Ref: 'SerialNumber' },
          AttributePayload: { place: { Ref: 'Place' } },
        },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'station' } },
    },
    DeviceConfiguration: { station: { Ref: 'SerialNumber' }, interval: '10' },
    ...more,
  });
}

/** The same with other resources besides its certificate. */
export function templateOf(resources: object, more: object = {}): string {
  const { Resources } = JSON.parse(templateWith()) as { Resources: { certificate: object } };
  return templateWith({ Resources: { certificate: Resources.certificate, ...resources }, ...more });
}
