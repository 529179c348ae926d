package io.github.notearchive.archive.stats;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.NoteState;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class SelectionTests {

    @Test
    void onlyTheFiltersThatAreGivenAreTold() {
        Selection selection = new Selection(
                Instant.parse("2026-02-28T16:00:00Z"),
                null,
                null,
                null,
                List.of("rice", "soup"),
                List.of(),
                List.of(NoteState.ARCHIVED),
                "bowl",
                Path.of("ids.txt"));

        assertThat(selection.inWords())
                .isEqualTo(
                        "notes published from 2026-02-28T16:00:00Z, of topic rice or soup, in state ARCHIVED, with the text \"bowl\", named in ids.txt");
        assertThat(Selection.all().inWords()).isEqualTo("all notes");
    }
}
