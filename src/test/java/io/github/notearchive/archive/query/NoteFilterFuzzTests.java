package io.github.notearchive.archive.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Any text is a filter, whose canonical text means the same, or is refused with a reason. */
class NoteFilterFuzzTests {

    @FuzzTest
    void anyFilter(byte[] bytes) {
        String text = new String(bytes, UTF_8);
        NoteFilter filter;
        try {
            filter = NoteFilter.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
            return;
        }

        NoteFilter again = NoteFilter.parse(filter.text());

        assertThat(again).isEqualTo(filter);
        assertThat(again.text()).isEqualTo(filter.text());
        assertThat(again.condition()).isEqualTo(filter.condition());
        assertThat(again.parameters()).isEqualTo(filter.parameters());
    }
}
