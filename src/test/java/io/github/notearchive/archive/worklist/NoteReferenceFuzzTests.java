package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.Fuzz;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Any line yields one note that it contains, or a reason. */
class NoteReferenceFuzzTests {

    private static final List<String> PIECES = List.of(
            "https://www.xiaohongshu.com",
            "/explore/",
            "/discovery/item/",
            "/item/",
            "/note/",
            "/user/profile/",
            "xhsdiscover://",
            "rednote.com",
            "xhslink.com/",
            "66aa00000000000000000001",
            "66AA00000000000000000002",
            "66aa0000000000000000000",
            "5cc823550000000010034c96",
            "?xsec_token=",
            "&",
            "=",
            ",",
            ";",
            "\"",
            "#",
            " ",
            "\t",
            "好看的笔记",
            "😀",
            "\ud83d",
            "\u0000",
            "\u00a0",
            "\ufeff",
            "\u0130",
            "a".repeat(1_000),
            "/note/".repeat(300));

    @Test
    void anyLineIsParsedOrRejected() throws Exception {
        Fuzz.tries(1_000, random -> {
            String line = Fuzz.changed(random, Fuzz.pieces(random, PIECES));
            switch (NoteReference.parse(line)) {
                case NoteReference.Note(var id) ->
                    assertThat(line.toLowerCase(Locale.ROOT)).contains(id.value());
                case NoteReference.Invalid(var reason) ->
                    assertThat(reason).isNotBlank().hasSizeLessThan(200);
                case NoteReference.Empty() ->
                    assertThat(line.isBlank() || line.strip().startsWith("#")).isTrue();
            }
        });
    }
}
