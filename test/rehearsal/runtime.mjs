/*
 * Lambda's runtime for a bundle, by the plain Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
 * AWS's own client for Node has a part in C++ that takes minutes to build.
 */
const [entry, exportName] = process.argv.slice(2);
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

async function post(path, body) {
  const response = await fetch(`${api}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
}
const asFailure = (error) => ({ errorType: error.name, errorMessage: error.message, stackTrace: [error.stack] });

const bundle = await import(entry).catch(async (error) => {
  await post('/init/error', asFailure(error));
  throw error;
});
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    awsRequestId: id,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const answer = await bundle[exportName](await next.json(), context);
    await post(`/invocation/${id}/response`, answer ?? null);
  } catch (error) {
    await post(`/invocation/${id}/error`, asFailure(error));
  }
}
