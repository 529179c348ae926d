package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SmallArchiveTests {

    @Test
    void wholeArchiveHasEachHostileTextAndEachKind() {
        try (SmallArchive archive = SmallArchive.whole()) {
            assertThat(archive.database().count("SELECT count(DISTINCT title) FROM note WHERE note_id LIKE '65c%'"))
                    .isEqualTo(SmallArchive.HOSTILE_TEXTS.size())
                    .isEqualTo(30);
            assertThat(archive.database().count("SELECT count(DISTINCT kind) FROM note_media"))
                    .isEqualTo(5);
        }
    }
}
