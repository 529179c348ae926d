package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("inspects all threads")
class StoreThreadsTests {

    private static final String CHECKSUM = "x-amz-checksum-sha256";

    @Test
    void allThreadsOfTheClientAreDaemons() throws Exception {
        try (var server = new ScriptedStore.HttpStore(exchange -> {
            String checksum = exchange.getRequestHeaders().getFirst(CHECKSUM);
            exchange.getResponseHeaders().set(CHECKSUM, checksum == null ? "" : checksum);
            exchange.sendResponseHeaders(checksum == null ? 404 : 200, -1);
        })) {
            server.store.putBytes(new ObjectKey("a"), new byte[] {1}, "text/plain");
            assertThat(server.store.stat(new ObjectKey("b"))).isEmpty();

            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().startsWith("object-store-")
                            || thread.getName().startsWith("OkHttp"))
                    .isNotEmpty()
                    .allMatch(Thread::isDaemon);
        }
    }
}
