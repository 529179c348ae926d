package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MediaSlotTests {

    private static final MediaCandidate ORIGINAL = candidate("https://a.example/1?sign=x&t=6a000010", "original");
    private static final MediaCandidate LARGE = candidate("https://a.example/2?t=6a00000f&sign=x", "large");
    private static final MediaCandidate BACKUP = candidate("https://b.example/1", "original/backup_urls[0]");
    private static final MediaCandidate SMALL = candidate("https://a.example/3", "small");

    @Test
    void firstSignatureIsThatOfTheSlot() {
        assertThat(slot(ORIGINAL, LARGE, SMALL).signedAt()).isEqualTo(0x6a00000fL);
        assertThat(ORIGINAL.signedAt()).isEqualTo(0x6a000010L);
        assertThat(slot(SMALL).signedAt()).isEqualTo(Long.MAX_VALUE);
        assertThat(slot().signedAt()).isEqualTo(Long.MAX_VALUE);
        assertThat(candidate("https://a.example/3?at=6a00000f", "small").signedAt())
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void slotsOfOneSourceFileWithTheSameVariantsShareIt() {
        assertThat(slot(ORIGINAL, LARGE).file()).isEqualTo(slot(BACKUP, LARGE).file());
        assertThat(slot(ORIGINAL, LARGE).file()).isNotEqualTo(slot(ORIGINAL).file());
        assertThat(slot(ORIGINAL).file())
                .isEqualTo(new MediaSlot(MediaKind.IMAGE, 1, "id", List.of(ORIGINAL), null).file())
                .isNotEqualTo(new MediaSlot(MediaKind.IMAGE, 0, "other", List.of(ORIGINAL), null).file())
                .isNotEqualTo(new MediaSlot(MediaKind.AUDIO, 0, "id", List.of(ORIGINAL), null).file());
        assertThat(Stream.of(0, 1)
                        .map(ordinal -> new MediaSlot(MediaKind.IMAGE, ordinal, "1.jpg", List.of(SMALL), false, null))
                        .map(MediaSlot::file))
                .as("names of URLs say nothing about files")
                .doesNotHaveDuplicates();
    }

    @Test
    void ownUrlsOfAVariantPrecedeThoseOfAnotherSlot() {
        assertThat(slot(ORIGINAL, LARGE).withUrlsOf(slot(LARGE, BACKUP, SMALL)).candidates())
                .containsExactly(ORIGINAL, BACKUP, LARGE, LARGE);
    }

    @Test
    void onlyVariantsBeforeThatOfAFileAreBetter() {
        MediaSlot slot = slot(ORIGINAL, BACKUP, LARGE, SMALL);

        assertThat(slot.isBest("original/master_url")).isTrue();
        assertThat(slot.isBest("large")).isFalse();
        assertThat(slot().isBest("large")).isTrue();
        assertThat(slot.betterThan("large").candidates()).containsExactly(ORIGINAL, BACKUP);
        assertThat(slot.betterThan("original").candidates()).isEmpty();
        assertThat(slot.betterThan("unknown").candidates()).isEmpty();
    }

    @Test
    void longIdentityFitsAnIndex() {
        String longest = "i".repeat(200);
        assertThat(MediaSlot.bounded(longest)).isEqualTo(longest);
        String shortened = MediaSlot.bounded(longest + "i");
        assertThat(shortened).hasSize(200).matches("i{135}~[0-9a-f]{64}").isEqualTo(MediaSlot.bounded(shortened));
        assertThat(MediaSlot.bounded("i".repeat(134) + "👍".repeat(40))).matches("i{134}~[0-9a-f]{64}");
    }

    @Test
    void nothingShowsUrls() {
        assertThat(ORIGINAL).hasToString("MediaCandidate[original]");
        assertThat(slot(ORIGINAL)).asString().contains("IMAGE").doesNotContain("a.example");
    }

    private static MediaCandidate candidate(String url, String rendition) {
        return new MediaCandidate(url, rendition, null, null, null, null);
    }

    private static MediaSlot slot(MediaCandidate... candidates) {
        return new MediaSlot(MediaKind.IMAGE, 0, "id", List.of(candidates), null);
    }
}
