package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.sandbox.Reply;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Responses that fill the heap when they are in memory at the same time. */
@ExtendWith(OutsideServers.Running.class)
class LargeAnswersTests {

    private static final int NOTES = 12;

    /** Of a response in bytes. */
    private static final int SIZE = 8_000_000;

    @Test
    void manyLargeResponsesAtOnceAreArchivedAndBoughtOnce() {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.environment().put("_JAVA_OPTIONS", "-Xmx384m");
            practice.environment().put("ARCHIVE_WORKERS", "32");
            practice.environment().put("ARCHIVE_SOURCE_MAXANSWERSIZE", "16MB");
            List<String> notes = practice.enqueue(NOTES);
            for (int i = 0; i < NOTES; i++) {
                int kind = i % 3;
                practice.provider().script().always(notes.get(i), Reply.noteWith(note -> enlarge(note, kind)));
            }

            practice.call("run").with(0);

            archive.assertNumber("SELECT count(*) FROM worklist WHERE state = 'ARCHIVED'", NOTES);
            assertThat(practice.provider().calls()).isEqualTo(NOTES);

            practice.call("requeue", "--state", "ARCHIVED").with(0);
            practice.call("run").with(0);
            practice.call("verify").with(0);

            assertThat(practice.provider().calls())
                    .as("the second run takes them from the ledger")
                    .isEqualTo(NOTES);
        }
    }

    /** A long text, a text of which each character is escaped, or very many values. */
    private static void enlarge(ObjectNode note, int kind) {
        switch (kind) {
            case 0 -> note.put("desc", "山".repeat(SIZE / 3));
            case 1 -> note.put("desc", "\"".repeat(SIZE / 2));
            default -> {
                ArrayNode values = note.putArray("large");
                for (int i = 0; i < 100_000; i++) {
                    values.addObject().put("a value", i);
                    if (i % 2 == 0) {
                        values.add("text " + i);
                        i++;
                    }
                }
            }
        }
    }
}
