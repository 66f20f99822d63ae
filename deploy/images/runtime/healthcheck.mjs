// HEALTHCHECK of images, which have no shell and no curl: exit status 0 when the service in this container answers its health path.
//     node healthcheck.mjs /healthz
const answer = await fetch(`http://127.0.0.1:${process.env.PORT ?? 8080}${process.argv[2]}`, {
  signal: AbortSignal.timeout(4_000),
}).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
