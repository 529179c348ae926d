package io.github.notearchive.archive.worklist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.notearchive.note.NoteId;
import java.util.Optional;

/** Any text is a note or none, and shows no share token. */
class NoteListFuzzTests {

    @FuzzTest
    void anyLine(byte[] text) {
        String line = new String(text, UTF_8);
        Optional<NoteId> id = NoteId.parse(line);

        if (id.isPresent()) {
            assertThat(id.orElseThrow().value()).isEqualToIgnoringCase(line.strip());
            assertThat(NoteListReader.isNote(line)).isTrue();
        }
        assertThat(NoteListReader.withoutShareToken(line)).doesNotContainPattern("(?i)xsec_token(=|%3d)[^*&\\s\"',;]");
    }
}
