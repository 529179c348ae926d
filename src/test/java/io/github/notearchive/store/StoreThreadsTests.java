package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("looks at all threads")
class StoreThreadsTests {

    private static final String CHECKSUM = "x-amz-checksum-sha256";

    @Test
    void noThreadOfTheClientKeepsTheProgramAlive() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            List<String> checksum = exchange.getRequestHeaders().get(CHECKSUM);
            if (checksum != null) {
                exchange.getResponseHeaders().put(CHECKSUM, checksum);
            }
            exchange.sendResponseHeaders(checksum == null ? 404 : 200, -1);
            exchange.close();
        });
        server.start();
        try (ObjectStore store = new ObjectStore(
                ObjectStoreTests.properties(server.getAddress().getPort(), "hunter2", "bucket", true))) {
            store.putBytes(new ObjectKey("a"), new byte[] {1}, "text/plain");
            assertThat(store.stat(new ObjectKey("b"))).isEmpty();

            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().startsWith("object-store-")
                            || thread.getName().startsWith("OkHttp"))
                    .isNotEmpty()
                    .allMatch(Thread::isDaemon);
        } finally {
            server.stop(0);
        }
    }
}
