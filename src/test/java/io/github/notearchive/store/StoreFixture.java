package io.github.notearchive.store;

import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.Secret;
import java.time.Duration;

/** Clients of S3 servers of the tests, with short timeouts. */
public final class StoreFixture {

    private StoreFixture() {}

    /** Returns a client of a server that need not exist; it tries as often as given. */
    public static ObjectStore at(String endpoint, int tries) {
        return client(endpoint, "bucket", "who", "hunter2hunter2", tries);
    }

    public static ObjectStore of(EmbeddedStore server, String bucket) {
        return client(server.endpoint().toString(), bucket, server.accessKey(), server.secretKey(), 1);
    }

    private static ObjectStore client(String endpoint, String bucket, String key, String secret, int tries) {
        Duration connect = Duration.ofSeconds(2);
        Duration request = Duration.ofSeconds(tries > 1 ? 2 : 10);
        return new ObjectStore(new StoreProperties(
                endpoint, bucket, "us-east-1", key, new Secret(secret), true, connect, request, tries));
    }
}
