package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.note.NoteId;
import org.junit.jupiter.api.Test;

class ResponseMemoryTests {

    private static final long MEGABYTE = 1 << 20;
    private static final NoteId FIRST = new NoteId("65fe2a8d0000000012033fa1");
    private static final NoteId SECOND = new NoteId("65fe2a8d0000000012033fa2");

    private final ResponseMemory memory = new ResponseMemory(8 * MEGABYTE);

    @Test
    void largeResponseWaitsForTheEndOfAnotherNote() throws Exception {
        memory.begin(FIRST);
        memory.begin(SECOND);
        memory.take(FIRST, MEGABYTE);

        Thread second = Thread.ofVirtual().start(() -> memory.take(SECOND, MEGABYTE));
        await().until(() -> second.getState() == Thread.State.WAITING);
        memory.end(FIRST);

        second.join();
        assertThat(second.isAlive()).isFalse();
    }

    @Test
    void noteWithAPartDoesNotWait() {
        memory.begin(FIRST);
        memory.take(FIRST, MEGABYTE);

        memory.take(FIRST, MEGABYTE);
        memory.end(FIRST);

        memory.begin(SECOND);
        memory.take(SECOND, MEGABYTE);
    }

    @Test
    void responseAboveTheBudgetTakesAllAndAnOrdinaryOneNothing() {
        memory.begin(FIRST);
        memory.begin(SECOND);

        memory.take(FIRST, 100 * MEGABYTE);
        memory.take(SECOND, ResponseMemory.ORDINARY_SIZE);

        memory.end(FIRST);
        memory.take(SECOND, 100 * MEGABYTE);
    }

    @Test
    void noteThatIsNotInProgressTakesNothing() {
        memory.take(FIRST, 100 * MEGABYTE);
        memory.end(FIRST);

        memory.begin(SECOND);
        memory.take(SECOND, MEGABYTE);
    }
}
