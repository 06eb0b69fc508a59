import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { selfSigned } from '../tls/certificates.test-support.ts';
import { certificateValues } from './certificate-values.ts';

test('a policy can ask for the parts of a certificate, for the second of several, and for all of them', async () => {
  const pem = await selfSigned('CN=roof, O=Mesonet, OU=north, OU=roofs, C=US, L=Ames, ST=Iowa');
  const values = certificateValues(new X509Certificate(pem));
  expect(values).toMatchObject({
    'iot:Certificate.Subject.CommonName': 'roof',
    'iot:Certificate.Subject.Organization': 'Mesonet',
    'iot:Certificate.Subject.OrganizationalUnit': 'north',
    'iot:Certificate.Subject.OrganizationalUnit.1': 'roofs',
    'iot:Certificate.Subject.OrganizationalUnit.List': ['north', 'roofs'],
    'iot:Certificate.Subject.Country': 'US',
    'iot:Certificate.Subject.Locality': 'Ames',
    'iot:Certificate.Subject.State': 'Iowa',
    'iot:Certificate.Issuer.CommonName': 'roof',
    'iot:Certificate.SerialNumber': expect.stringMatching(/^[\da-f]+$/),
  });
});

test('a certificate without names has none', async () => {
  const values = certificateValues(new X509Certificate(await selfSigned('')));
  expect(Object.keys(values)).toEqual(['iot:Certificate.SerialNumber']);
});
