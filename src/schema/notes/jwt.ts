import type { NoteDef } from './definition.ts';

/** Notes about provider tokens (JWT). */
export const JWT_NOTES = {
  'jwt.malformed': {
    severity: 'warn',
    sentence: 'The provider token is not three base64url parts with JSON in the first two.',
    advice: 'APNs answers InvalidProviderToken.',
  },
  'jwt.algorithm': {
    severity: 'warn',
    sentence: 'The provider token is not signed with ES256.',
    advice: 'APNs answers InvalidProviderToken.',
  },
  'jwt.key-id': {
    severity: 'warn',
    sentence: 'The key id (kid) is missing or not 10 characters.',
    advice: 'It stands in the name of the key file, AuthKey_<kid>.p8.',
  },
  'jwt.team-id': {
    severity: 'warn',
    sentence: 'The team id (iss) is missing or not 10 characters.',
    advice: 'It stands in the developer account under membership.',
  },
  'jwt.issued-at': {
    severity: 'warn',
    sentence: 'The time of issue (iat) is missing or not a number of seconds.',
    advice: 'Send Unix seconds as a JSON number.',
  },
  'jwt.signature': {
    severity: 'warn',
    sentence: 'The signature is not the 64 bytes of ES256.',
    advice: 'JWT needs r and s, 32 bytes each; many libraries give DER unless told otherwise.',
  },
  'jwt.signature-wrong': {
    severity: 'error',
    sentence: 'The signature of the provider token does not fit the given key (--jwt-key).',
    advice: 'APNs answers InvalidProviderToken. Sign with the key whose id the token names, and give the key of that id here.',
  },
  'jwt.signature-verified': {
    severity: 'info',
    sentence: 'The signature of the provider token was checked with the given key (--jwt-key), and is right.',
    advice: 'Nothing to do; what APNs refuses has another reason.',
  },
  'jwt.padding': {
    severity: 'note',
    sentence: 'The token uses base64 with padding or the characters + and /.',
    advice: 'JWT uses base64url without padding.',
  },
  'jwt.expired': {
    severity: 'warn',
    sentence: 'The provider token was issued more than an hour before this request.',
    advice: 'APNs answers ExpiredProviderToken. Make a new one every 20 to 60 minutes.',
  },
  'jwt.future': {
    severity: 'warn',
    sentence: 'The provider token was issued after this request.',
    advice: 'Check the clocks of the provider and of the capturing machine.',
  },
} as const satisfies Record<string, NoteDef>;
