package io.github.notearchive.store;

import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.provider.Settings;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.lang3.ArrayUtils;

/** Clients of S3 servers of the tests, with short timeouts. */
public final class StoreFixture {

    private StoreFixture() {}

    /** Returns settings of an account, with further ones in pairs of name and value. */
    static StoreProperties properties(String endpoint, Object... more) {
        List<Object> all = new ArrayList<>(List.of("endpoint", endpoint, "bucket", "bucket", "region", "us-east-1"));
        all.addAll(List.of("access-key", "who", "secret-key", "hunter2", "create-bucket", true));
        all.addAll(List.of("connect-timeout", "2s", "socket-timeout", "10s", "tries", 3));
        all.addAll(List.of(more));
        return Settings.bind("archive.store", StoreProperties.class, all.toArray());
    }

    /** Returns a client of a server that need not exist; it tries as often as given. */
    public static ObjectStore at(String endpoint, int tries) {
        return new ObjectStore(properties(endpoint, "socket-timeout", tries > 1 ? "2s" : "10s", "tries", tries));
    }

    public static ObjectStore of(EmbeddedStore server, String bucket) {
        return new ObjectStore(propertiesOf(server, "bucket", bucket, "tries", 1));
    }

    static StoreProperties propertiesOf(EmbeddedStore server, Object... more) {
        Object[] account = {"access-key", server.accessKey(), "secret-key", server.secretKey()};
        return properties(server.endpoint().toString(), ArrayUtils.addAll(account, more));
    }
}
