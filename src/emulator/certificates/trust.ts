/** How programs are told to trust the lab's CA; for one process at a time, never for the whole system. */
export function trustHelp(caPath: string): string {
  return `The emulator's CA: ${caPath}

Node.js     NODE_EXTRA_CA_CERTS='${caPath}' node server.js
            or in code: { ca: fs.readFileSync('${caPath}') }
curl        curl --cacert '${caPath}' https://localhost:2197/...
Python      SSL_CERT_FILE='${caPath}' python server.py
            or in code: ssl.create_default_context(cafile='${caPath}')
            requests, httpx: verify='${caPath}'
Java        keytool -importcert -noprompt -alias apns-lab -file '${caPath}' -keystore lab.p12 -storepass changeit
            java -Djavax.net.ssl.trustStore=lab.p12 -Djavax.net.ssl.trustStorePassword=changeit ...
Go          SSL_CERT_FILE='${caPath}' ./server
Ruby, PHP   SSL_CERT_FILE='${caPath}'

Trust it for the programs under test only. Whoever reads ca.key beside it can sign certificates that they accept.
Clients reach the emulator as localhost, 127.0.0.1 or ::1; the certificate holds Apple's host names too, for those
that are pointed here by /etc/hosts or by a resolver.
`;
}
