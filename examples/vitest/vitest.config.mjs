export default { test: { globalSetup: "tls.setup.mjs" } };
