import {
  allow,
  type BrokenTemplate,
  bucket,
  devicePolicy,
  lambda,
  resource,
  role,
  rule,
  streamMapping,
} from './template-parts.test-support.ts';

/** Who may do what: roles, device policies, invocations, routes, and what must not be written down. */
export const BROKEN_ACCESS: readonly BrokenTemplate[] = [
  {
    check: 'iam-wildcards',
    what: 'every action',
    resources: role([allow('dynamodb:*')]),
    finding: "Role: Cannot grant 'dynamodb:*': name each action",
  },
  {
    check: 'iam-wildcards',
    what: 'every resource',
    resources: role([allow(['s3:PutObject'], '*')]),
    finding: "Role: Cannot grant 's3:PutObject' on every resource",
  },
  {
    check: 'iam-wildcards',
    what: 'a policy managed by AWS',
    resources: role([], { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
    finding: "Role: Cannot attach 'arn:aws:iam::aws:policy/AdministratorAccess'",
  },
  {
    check: 'iam-grants',
    what: 'an action that nobody uses',
    resources: { ...lambda({}), ...role([allow('dynamodb:DeleteItem')]) },
    finding: "Role: Cannot justify 'dynamodb:DeleteItem'",
  },
  {
    check: 'iam-grants',
    what: 'an action that the code uses and is not granted',
    resources: { ...lambda({}), ...role([]) },
    finding: "Role: Cannot work without 'dynamodb:GetItem'",
  },
  {
    check: 'iam-grants',
    what: 'an action that Lambda needs for a stream',
    resources: { ...lambda({}), ...streamMapping({}), ...role([allow('dynamodb:GetItem')]) },
    finding: "Role: Cannot work without 'kinesis:GetRecords'",
  },
  {
    check: 'iam-grants',
    what: 'an action that a rule needs',
    resources: {
      ...rule({ Actions: [{ Sns: { RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } } }] }),
      ...role([]),
    },
    finding: "Role: Cannot work without 'sns:Publish'",
  },
  {
    check: 'iam-grants',
    what: 'an action that a policy of its own grants',
    resources: {
      ...lambda({}),
      ...role([]),
      Policy: resource('AWS::IAM::Policy', {
        Roles: [{ Ref: 'Role' }],
        PolicyDocument: { Statement: [allow('s3:DeleteObject')] },
      }),
    },
    finding: "Role: Cannot justify 's3:DeleteObject'",
  },
  {
    check: 'iam-grants',
    what: 'a role that nobody has',
    resources: role([allow('s3:GetObject')]),
    finding: "Role: Cannot tell who uses role 'Role'",
  },
  {
    check: 'iam-trust',
    what: 'a service that acts for anybody',
    resources: role([], {
      AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'iot.amazonaws.com' } }] },
    }),
    finding: "Role: Cannot let 'iot.amazonaws.com' assume the role for everybody",
  },
  {
    check: 'iam-trust',
    what: 'a role for everybody',
    resources: role([], { AssumeRolePolicyDocument: { Statement: [{ Principal: { AWS: '*' } }] } }),
    finding: "Role: Cannot let '*' assume a role",
  },
  {
    check: 'iot-policies',
    what: 'every device action',
    resources: devicePolicy({ Action: 'iot:*', Resource: '*' }),
    finding: "Devices: Cannot grant 'iot:*' to devices",
  },
  {
    check: 'iot-policies',
    what: 'connecting as anybody',
    resources: devicePolicy({ Action: 'iot:Connect', Resource: { 'Fn::Sub': 'arn:aws:iot:x:client/*' } }),
    finding: 'bind the client id',
  },
  {
    check: 'iot-policies',
    what: 'publishing everywhere',
    resources: devicePolicy({ Action: ['iot:Publish'], Resource: 'arn:aws:iot:x:topic/weather/*' }),
    finding: "Devices: Cannot let devices publish to 'arn:aws:iot:x:topic/weather/*'",
  },
  {
    check: 'permissions',
    what: 'an invocation for anybody',
    resources: { Permission: resource('AWS::Lambda::Permission', { Principal: 'iot.amazonaws.com' }) },
    finding: "Permission: Cannot let 'iot.amazonaws.com' invoke the function for everybody",
  },
  {
    check: 'functions',
    what: 'an x86 function',
    resources: lambda({ Architectures: ['x86_64'] }),
    finding: 'Store: Cannot leave Architectures as it is',
  },
  {
    check: 'functions',
    what: 'a shared role',
    resources: { ...lambda({}), Other: lambda({}).Store! },
    finding: 'Store: Cannot leave Role as it is: 2 functions share the role',
  },
  {
    check: 'functions',
    what: 'a secret in a variable',
    resources: lambda({ Environment: { Variables: { DB_PASSWORD: 'x' } } }),
    finding: 'Store: Cannot leave Environment as it is',
  },
  {
    check: 'functions',
    what: 'an asynchronous function without failure destination',
    resources: {
      ...lambda({}),
      Permission: resource('AWS::Lambda::Permission', {
        FunctionName: { Ref: 'Store' },
        Principal: 'iot.amazonaws.com',
        SourceArn: 'x',
      }),
    },
    finding: 'Store: Cannot leave OnFailure as it is',
  },
  {
    check: 'http-api',
    what: 'an open route',
    resources: { Route: resource('AWS::ApiGatewayV2::Route', { RouteKey: 'PUT /x' }) },
    finding: "Route: Cannot open 'PUT /x' to everybody",
  },
  {
    check: 'http-api',
    what: 'no access logs',
    resources: { Stage: resource('AWS::ApiGatewayV2::Stage') },
    finding: 'Stage: Cannot tell who called',
  },
  {
    check: 'http-api',
    what: 'no throttle',
    resources: { Stage: resource('AWS::ApiGatewayV2::Stage') },
    finding: 'Stage: Cannot bound the cost of calls',
  },
  {
    check: 'portability',
    what: 'an account id',
    resources: { Role: resource('AWS::IAM::Role', { Description: 'for 123456789012' }) },
    finding: 'it holds an account id',
  },
  {
    check: 'portability',
    what: 'a region',
    resources: bucket({ BucketName: 'data-eu-west-1' }),
    finding: 'it names a region',
  },
  {
    check: 'portability',
    what: 'an access key',
    resources: lambda({ Environment: { Variables: { KEY: 'AKIAIOSFODNN7EXAMPLE' } } }),
    finding: 'it holds an access key id',
  },
  {
    check: 'portability',
    what: 'a partition',
    resources: role([
      allow('s3:GetObject', { 'Fn::Sub': ['arn:aws:s3:::$' + '{Name}', { Name: { Ref: 'Bucket' } }] }),
    ]),
    finding: "'arn:aws:s3:::<Bucket>'",
  },
  {
    check: 'function-variables',
    what: 'a variable that the code requires and nobody sets',
    resources: lambda({}),
    finding: "Store: Cannot run without variable 'TABLE'",
  },
  {
    check: 'function-variables',
    what: 'a variable that the code does not read',
    resources: lambda({ Environment: { Variables: { TABLE: 't', OLD_TABLE: 'o' } } }),
    finding: "Store: Cannot justify variable 'OLD_TABLE'",
  },
];
