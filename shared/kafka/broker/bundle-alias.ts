/**
 * What a bundler must be told when it bundles the Kafka client: its compression is WebAssembly, read from a file
 * beside the module, which a bundle does not have. This build of it carries the bytes in the code.
 */
export const bundleAlias = { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' }
