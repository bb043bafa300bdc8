import { Aws, Duration, Fn, Names, Validations } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';

export interface EdgeProps {
  /** Of the HTTP API. */
  readonly apiUrl: string;
}

/**
 * CloudFront in front of the whole HTTP API, so that console and API are of one origin there, too. It keeps the console's
 * files near their readers for as long as their headers say, and nothing of the API.
 */
export class Edge extends Construct {
  readonly distribution: Distribution;

  constructor(scope: Construct, id: string, { apiUrl }: EdgeProps) {
    super(scope, id);
    const origin = new HttpOrigin(Fn.select(2, Fn.split('/', apiUrl)), {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
    });
    const files = new CachePolicy(this, 'Files', {
      // Unique in the account, whatever the region. CDK's own name leaves out the name of the stack.
      cachePolicyName: `${Names.uniqueResourceName(this, { maxLength: 100, separator: '-' })}-${Aws.REGION}`,
      comment: 'What the console hands out, as its headers say',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(365),
      enableAcceptEncodingBrotli: true,
      enableAcceptEncodingGzip: true,
    });
    const page = { origin, cachePolicy: files, viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS };
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Posthorn: API and console',
      defaultBehavior: {
        origin,
        allowedMethods: AllowedMethods.ALLOW_ALL,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        // All headers, Authorization among them. By the Host header API Gateway would look for another API.
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        // A redirect would come too late for a key that was sent in the clear.
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      },
      additionalBehaviors: { '/console': page, '/console/*': page },
    });
    for (const [check, reason] of Object.entries(REASONS))
      Validations.of(this.distribution).acknowledge({ id: `AwsSolutions-${check}`, reason });
  }
}

const REASONS = {
  CFR1: 'Customers are wherever the company has them: whom to keep out by country is the company’s to say.',
  CFR2: 'A web ACL costs by the month and by the request, so a company attaches its own: distribution.attachWebAclId().',
  CFR3: 'Each request of the API is in the access log of API Gateway; what is not are the files of the console.',
  CFR4: 'CloudFront’s own name comes with its own certificate, whose protocols CloudFront decides.',
};
