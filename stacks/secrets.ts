/** Set once per stage with `sst secret set NAME VALUE`; identity keys are private JWKs, one for each issuer. */
export const identityKeys = {
  commodore: new sst.Secret('CommodoreIdentityKey'),
  quartermaster: new sst.Secret('QuartermasterIdentityKey'),
  'periscope-query': new sst.Secret('PeriscopeQueryIdentityKey'),
  decklog: new sst.Secret('DecklogIdentityKey'),
  foghorn: new sst.Secret('FoghornIdentityKey'),
  signalman: new sst.Secret('SignalmanIdentityKey'),
  'signalman-feed': new sst.Secret('SignalmanFeedIdentityKey'),
}

/** The public halves of all of them, as a JSON Web Key Set. */
export const identityPublicKeys = new sst.Secret('IdentityPublicKeys')

/** By which Commodore encrypts what it must read again: `<id>:<32 bytes in base64url>`, the newest first. */
export const encryptionKeys = new sst.Secret('CommodoreEncryptionKeys')

/** Neon connection strings, one for each service's own role. */
export const databaseUrls = {
  commodore: new sst.Secret('CommodoreDatabaseUrl'),
  quartermaster: new sst.Secret('QuartermasterDatabaseUrl'),
  periscope: new sst.Secret('PeriscopeDatabaseUrl'),
}

/** What a function of Periscope needs to reach its stores: secrets by link, the rest as it is. */
export const periscopeSecrets = [
  databaseUrls.periscope,
  new sst.Secret('ClickHouseUrl'),
  new sst.Secret('ClickHousePassword'),
]
export const periscopeStores = { CLICKHOUSE_USER: 'periscope', CLICKHOUSE_DATABASE: 'periscope' }
