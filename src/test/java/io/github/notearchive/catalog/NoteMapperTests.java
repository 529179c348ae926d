package io.github.notearchive.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.catalog.NoteDetail.Author;
import io.github.notearchive.catalog.NoteDetail.Counts;
import io.github.notearchive.catalog.NoteDetail.Mention;
import io.github.notearchive.catalog.NoteDetail.Topic;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoteMapperTests {

    @Test
    void everyFieldOfTheSampleLandsInItsColumn() {
        NoteDetail detail = NoteMapper.map(Captures.of(Captures.sample()));

        assertThat(detail.type()).isEqualTo("video");
        assertThat(detail.title()).isEqualTo("山里的清晨,雾还没有散");
        assertThat(detail.text()).startsWith("和@云上的鱼 去山里看日出").contains("#清晨六点[话题]#");
        assertThat(detail.author())
                .isEqualTo(
                        new Author(
                                "5f00aa010000000001000aaa",
                                "100200300",
                                "松间",
                                "https://sns-avatar-qc.xhscdn.com/avatar/avatar0000000000000000000000000000000001",
                                false,
                                0));
        assertThat(detail.publishedAt()).isEqualTo(Instant.ofEpochSecond(1722416400));
        assertThat(detail.editedAt()).isNull();
        assertThat(detail.place()).isEqualTo("云南");
        assertThat(detail.language()).isEqualTo("zh");
        assertThat(detail.downloadAllowed()).isFalse();
        assertThat(detail.saveDisabled()).isFalse();
        assertThat(detail.watermarkDisabled()).isFalse();
        assertThat(detail.inCensor()).isFalse();
        assertThat(detail.privacyType()).isZero();
        assertThat(detail.counts()).isEqualTo(new Counts(1689L, 347L, 41L, 29L, 0L));
        assertThat(detail.topics())
                .containsExactly(
                        new Topic("5f00bb010000000000000002", "清晨六点", "topic"),
                        new Topic("5f00bb010000000000000003", "山野日记", "topic"),
                        new Topic("5f00bb010000000000000005", "喝茶", "topic"),
                        new Topic("5f00bb010000000000000007", "云海", "topic"),
                        new Topic("5f00bb01000000000000000a", "慢生活", "topic"));
        assertThat(detail.mentions())
                .containsExactly(new Mention("5f00aa020000000001000bbb", "云上的鱼"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            nullValues = "null",
            value = {
                "0, 0",
                "689, 689",
                "2147483648, 2147483648",
                "137728697860969105, 137728697860969105",
                "\"689\", 689",
                "\" 689 \", 689",
                "\"1.2万\", 12000",
                "\"10万+\", 100000",
                "\"3亿\", 300000000",
                "\"1.25亿\", 125000000",
                "\"1.2w\", 12000",
                "\"3K\", 3000",
                "\"999+\", 999",
                "\"1.23456万\", 12345",
                "\"999999999999999亿\", null",
                "99999999999999999999, null",
                "-1, null",
                "1.5, null",
                "\"\", null",
                "\"赞\", null",
                "\"1.2.3万\", null",
                "\"万\", null",
                "true, null",
                "{}, null",
                "[7], null"
            })
    void aCountIsReadInAnyFormAndIsNothingWhenItIsNone(String sent, @Nullable Long count) {
        assertThat(NoteMapper.map(Captures.ofNote("\"liked_count\":" + sent)).counts().liked())
                .isEqualTo(count);
    }

    @Test
    void nullAndAbsentCountsAreNotZero() {
        Counts counts =
                NoteMapper.map(Captures.ofNote("\"comments_count\":null,\"liked_count\":0"))
                        .counts();

        assertThat(counts).isEqualTo(new Counts(0L, null, null, null, null));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            nullValues = "null",
            value = {
                "1770696804, 2026-02-10T04:13:24Z",
                "\"1770696804\", 2026-02-10T04:13:24Z",
                "1770696804123, 2026-02-10T04:13:24.123Z",
                "0, null",
                "\"0\", null",
                "-5, null",
                "null, null",
                "9223372036854775807, null",
                "\"yesterday\", null",
                "{}, null"
            })
    void timesAreSecondsOrMilliseconds(String sent, @Nullable Instant time) {
        String value = sent == null ? "null" : sent;

        NoteDetail detail =
                NoteMapper.map(
                        Captures.ofNote("\"time\":" + value + ",\"last_update_time\":" + value));

        assertThat(detail.publishedAt()).isEqualTo(time);
        assertThat(detail.editedAt()).isEqualTo(time);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"user\":null,\"hash_tag\":null,\"topics\":{},\"ats\":7,\"function_switch\":{}",
                "\"user\":[],\"hash_tag\":[null,7,\"x\",{},{\"name\":\"\"},{\"id\":\"7\"}],\"ats\":[null,{},7]",
                "\"title\":{},\"desc\":[],\"type\":true,\"ip_location\":null,\"privacy\":7,\"media_save_config\":\"x\"",
                "\"privacy\":{\"type\":\"0\"},\"in_censor\":\"maybe\",\"function_switch\":[null,{\"type\":\"other\",\"enable\":false}]"
            })
    void oddShapesAreAbsent(String properties) {
        NoteDetail detail = NoteMapper.map(Captures.ofNote(properties));

        assertThat(detail)
                .isEqualTo(
                        new NoteDetail(
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                new Counts(null, null, null, null, null),
                                java.util.List.of(),
                                java.util.List.of()));
    }

    @Test
    void textsAreKeptWholeAndMadeStorable() {
        String longText = "好\\r\\n".repeat(20_000);

        NoteDetail detail =
                NoteMapper.map(
                        Captures.ofNote(
                                "\"title\":\"\",\"desc\":\"a\\u0000\\ud83d🍚" + longText + "\""));

        assertThat(detail.title()).isNull();
        assertThat(detail.text()).startsWith("a\uFFFD\uFFFD🍚好\r\n").hasSize(5 + 60_000);
    }

    @Test
    void aTopicThatStandsInBothListsIsListedOnce() {
        NoteDetail detail =
                NoteMapper.map(
                        Captures.ofNote(
                                "\"hash_tag\":[{\"id\":\"1\",\"name\":\"a\",\"type\":\"topic\"},{\"name\":\"b\"}],"
                                        + "\"topics\":[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":\"c\"}]"));

        assertThat(detail.topics())
                .containsExactly(
                        new Topic("1", "a", "topic"),
                        new Topic(null, "b", null),
                        new Topic("2", "c", null));
    }

    @Test
    void flagsMayBeTexts() {
        NoteDetail detail =
                NoteMapper.map(
                        Captures.ofNote(
                                "\"in_censor\":\"true\",\"media_save_config\":{\"disable_save\":\"False\"},"
                                        + "\"function_switch\":[{\"type\":\"video_download\",\"enable\":true}]"));

        assertThat(detail.inCensor()).isTrue();
        assertThat(detail.saveDisabled()).isFalse();
        assertThat(detail.watermarkDisabled()).isNull();
        assertThat(detail.downloadAllowed()).isTrue();
    }

    @Test
    void idsAndTopicsFitAnIndex() {
        String endless = "\ud83d\ude00".repeat(50_000);

        NoteDetail detail =
                NoteMapper.map(
                        Captures.ofNote(
                                """
                                "user":{"id":"%1$s","nickname":"%1$s"},
                                "hash_tag":[{"id":"%1$s","name":"x%1$s"}],
                                "ats":[{"id":"%1$s","nickname":"%1$s"}],"desc":"%1$s"
                                """
                                        .formatted(endless)));

        assertThat(detail.author()).isNull();
        assertThat(detail.topics())
                .containsExactly(new Topic(null, "x" + "\ud83d\ude00".repeat(249), null));
        assertThat(detail.mentions()).containsExactly(new Mention(null, endless));
        assertThat(detail.text()).isEqualTo(endless);
    }
}
