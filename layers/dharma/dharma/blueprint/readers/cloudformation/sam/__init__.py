"""What AWS's SAM transform makes of a template, as far as an analysis needs it.

    AWS::Serverless::Function      AWS::Lambda::Function, its role, alias, address, and what its
                                   events need (`functions`, `sources`, `events`)
    AWS::Serverless::Api           AWS::ApiGateway::RestApi, its deployment and stage (`rest_apis`)
    AWS::Serverless::HttpApi       AWS::ApiGatewayV2::Api and its stage (`http_apis`)
    AWS::Serverless::SimpleTable   AWS::DynamoDB::Table
    AWS::Serverless::StateMachine  AWS::StepFunctions::StateMachine, its role and its events
    AWS::Serverless::LayerVersion  AWS::Lambda::LayerVersion

`Globals` are merged in: maps by key, lists one behind the other, the resource's own value else.
Names of what is made are those of SAM (`<Function>Role`), without the hashes that its deployments
and versions have. Everything made keeps the place in the file of what it was made from. What is
left out is reported: packages that are built only later, properties and events not known here.
Source: AWS SAM specification, 2016-10-31, and "Generated CloudFormation resources" in the AWS SAM
developer guide.
"""
