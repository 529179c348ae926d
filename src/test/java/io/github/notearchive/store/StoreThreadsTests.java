package io.github.notearchive.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.notearchive.io.ScriptedServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("inspects all threads")
class StoreThreadsTests {

    @Test
    void allThreadsOfTheClientAreDaemons() {
        try (ScriptedServer server = new ScriptedServer().always(ScriptedServer.status(404));
                ObjectStore store =
                        new ObjectStore(StoreResponsesTests.properties(server.address(), "hunter2", "bucket", true))) {
            assertThatExceptionOfType(StoreException.class)
                    .isThrownBy(() -> store.putBytes(new ObjectKey("a"), new byte[] {1}, "text/plain"));
            assertThat(store.stat(new ObjectKey("b"))).isEmpty();

            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().startsWith("object-store-")
                            || thread.getName().startsWith("OkHttp"))
                    .isNotEmpty()
                    .allMatch(Thread::isDaemon);
        }
    }
}
