import { Token } from 'aws-cdk-lib';
import { DomainName, type IDomainName, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { PropsError } from '../props-error.ts';

export interface DomainProps {
  readonly domainName: string;
  /** Of this region. Absent: one is made, which the hosted zone proves. */
  readonly certificate?: ICertificate | undefined;
  /** Absent: the name is pointed at `target` by hand. */
  readonly hostedZone?: IHostedZone | undefined;
}

/** The API under a name of the company's own. */
export class Domain extends Construct {
  readonly name: IDomainName;
  /** What a CNAME for the name must point at. */
  readonly target: string;

  constructor(scope: Construct, id: string, { domainName, certificate, hostedZone }: DomainProps) {
    super(scope, id);
    if (certificate === undefined && hostedZone === undefined)
      throw new PropsError(
        `Posthorn needs a certificate for ${domainName}, or the hosted zone of that name, in which it proves that a certificate may be made.`,
      );
    // Route 53 would take the name for one below the zone's, and no record would be made for it.
    if (hostedZone && !Token.isUnresolved(hostedZone.zoneName) && !isIn(domainName, hostedZone.zoneName))
      throw new PropsError(
        `Posthorn cannot make a record: ${domainName} is not in the hosted zone ${hostedZone.zoneName}. Give the zone of that name, or none and point the name at the API by hand.`,
      );

    const name = new DomainName(this, 'Name', {
      domainName,
      certificate:
        certificate ??
        new Certificate(this, 'Certificate', { domainName, validation: CertificateValidation.fromDns(hostedZone) }),
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    this.name = name;
    this.target = name.regionalDomainName;

    if (hostedZone)
      new ARecord(this, 'Record', {
        zone: hostedZone,
        recordName: domainName,
        target: RecordTarget.fromAlias(
          new ApiGatewayv2DomainProperties(name.regionalDomainName, name.regionalHostedZoneId),
        ),
      });
  }
}

function isIn(domainName: string, zoneName: string): boolean {
  return `.${domainName}`.endsWith(`.${zoneName.replace(/\.$/, '')}`);
}
