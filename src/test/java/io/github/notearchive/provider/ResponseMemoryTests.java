package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.note.NoteId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ResponseMemoryTests {

    private static final long MEGABYTE = 1 << 20;
    private static final NoteId FIRST = new NoteId("65fe2a8d0000000012033fa1");
    private static final NoteId SECOND = new NoteId("65fe2a8d0000000012033fa2");

    private final ResponseMemory memory = new ResponseMemory(8 * MEGABYTE);

    @BeforeEach
    void beginFirst() {
        memory.begin(FIRST);
    }

    @Test
    void largeResponseWaitsForTheEndOfAnotherNote() throws Exception {
        memory.begin(SECOND);
        memory.take(FIRST, MEGABYTE);

        Thread second = Thread.ofVirtual().start(() -> memory.take(SECOND, MEGABYTE));
        await().until(() -> second.getState() == Thread.State.WAITING);
        memory.end(FIRST);

        second.join();
        assertThat(second.isAlive()).isFalse();
    }

    @Test
    void noteWithAPartDoesNotWaitForASecondOne() {
        memory.take(FIRST, MEGABYTE);
        memory.take(FIRST, MEGABYTE);
        memory.end(FIRST);

        assertIsFree();
    }

    @Test
    void responseAboveTheBudgetTakesAllAndOthersNothing() {
        memory.begin(SECOND);

        memory.take(new NoteId("65fe2a8d0000000012033fa3"), 100 * MEGABYTE); // not in progress
        memory.take(FIRST, 100 * MEGABYTE);
        memory.take(SECOND, ResponseMemory.ORDINARY_SIZE);
        memory.end(FIRST);

        assertIsFree();
    }

    private void assertIsFree() {
        memory.begin(SECOND);
        memory.take(SECOND, 100 * MEGABYTE);
    }
}
