package io.github.notearchive.archive.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.NoteDetail.Comment;
import io.github.notearchive.archive.catalog.NoteDetail.Mention;
import io.github.notearchive.archive.catalog.NoteDetail.NoteColumns;
import io.github.notearchive.archive.catalog.NoteDetail.Topic;
import io.github.notearchive.io.jdbc.Columns;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class NoteMapperTests {

    @Test
    void fieldsOfTheSampleAreMappedToTheirColumns() {
        NoteDetail detail = Captures.map(Captures.of(Captures.sample()));

        assertColumns(detail, """
                {"note":{"note_type":"video","title":"山里的清晨,雾还没有散",
                "note_text":"和@云上的鱼 去山里看日出,雾很大,茶很香。#清晨六点[话题]# #山野日记[话题]# #喝茶[话题]# #云海[话题]# #慢生活[话题]#",
                "author_id":"5f00aa010000000001000aaa","published_at":"2024-07-31T09:00:00Z","place":"云南","language":"zh",
                "download_allowed":false,"download_reason":"作者已关闭下载权限,无法保存","save_disabled":false,
                "watermark_disabled":false,"weibo_cover_disabled":false,"in_censor":false,"privacy_type":0,"pinned":false,
                "comment_restriction":0,"co_produced":false,"cooperation_count":0,"related_goods":false,"image_count":1,
                "cover_width":1080,"cover_height":1920,"has_music":false,"sound_id":"1146000000000000001",
                "sound_name":"松间的原声","sound_creator_id":"5f00aa010000000001000aaa","sound_duration_ms":46250,
                "sound_use_count":1,"liked_count":1689,"collected_count":347,"comments_count":41,"shared_count":29,
                "view_count":0,"search":"山里的清晨,雾还没有散\\n\\u001f\\n松间\\n\\u001f\\n清晨六点\\n\\u001f\\n山野日记\\n\\u001f\\n喝茶\\n\\u001f\\n云海\\n\\u001f\\n慢生活\
                \\n\\u001f\\n和@云上的鱼 去山里看日出,雾很大,茶很香。#清晨六点[话题]# #山野日记[话题]# #喝茶[话题]# #云海[话题]# #慢生活[话题]#"},
                "author":{"author_id":"5f00aa010000000001000aaa","red_id":"100200300","nickname":"松间",
                "avatar_url":"https://sns-avatar-qc.xhscdn.com/avatar/avatar0000000000000000000000000000000001",
                "verified":false,"verified_type":0},
                "topics":[{"topic_id":"5f00bb010000000000000002","name":"清晨六点","topic_type":"topic"},
                {"topic_id":"5f00bb010000000000000003","name":"山野日记","topic_type":"topic"},
                {"topic_id":"5f00bb010000000000000005","name":"喝茶","topic_type":"topic"},
                {"topic_id":"5f00bb010000000000000007","name":"云海","topic_type":"topic"},
                {"topic_id":"5f00bb01000000000000000a","name":"慢生活","topic_type":"topic"}],
                "mentions":[{"user_id":"5f00aa020000000001000bbb","nickname":"云上的鱼"}],"comments":[]}
                """);
        assertColumns(detail.capture().countsOnly(), """
                {"liked_count":1689,"collected_count":347,"comments_count":41,"shared_count":29,"view_count":0}
                """);
        assertThat(List.of(
                        detail.capture().title(),
                        detail.capture().authorId(),
                        detail.capture().authorNickname()))
                .containsExactly("山里的清晨,雾还没有散", "5f00aa010000000001000aaa", "松间");
        assertThat(detail.capture().noteText()).isEqualTo(detail.note().noteText());
    }

    @Test
    void fieldsMissingInTheSampleAreMappedToTheirColumns() {
        NoteColumns note = Captures.map(Captures.ofNote("""
                                        "last_update_time":1722416460,"sticky":true,"has_co_produce":true,"has_music":true,
                                        "has_related_goods":true,"cooperate_binds":[{"id":"b"},{"id":"c"}],
                                        "comment_prompt_config":{"forbidden_cmt_type":2},
                                        "media_save_config":{"disable_save":true,"disable_watermark":true,"disable_weibo_cover":true},
                                        "images_list":[{"width":1440,"height":1080},{"width":1,"height":1}],
                                        "widgets_context":"{\\"note_sound_info\\":{\\"sound_id\\":\\"s\\",\\"name\\":\\"n\\",\\"duration\\":7,\\"use_count\\":3,\\"creator\\":\\"c\\"}}",
                                        "simple_music_info":{"music_id":"m","name":"song"},
                                        "video_info_v2":{"capa":{"duration":61},"media":{"video":{"duration":62},"stream":{"h264":[],"h265":[{"duration":61200}]}}}
                                        """)).note();

        assertColumns(note, """
                {"edited_at":"2024-07-31T09:01:00Z","save_disabled":true,"watermark_disabled":true,
                "weibo_cover_disabled":true,"pinned":true,"comment_restriction":2,"co_produced":true,"cooperation_count":2,
                "related_goods":true,"image_count":2,"cover_width":1440,"cover_height":1080,"video_duration_ms":61200,
                "has_music":true,"sound_id":"s","sound_name":"n","sound_creator_id":"c","sound_duration_ms":7,
                "sound_use_count":3,"music_id":"m","music_name":"song"}
                """);
    }

    /** Compares the columns that are not null. */
    private static void assertColumns(Record row, String expected) {
        JsonMapper json = new JsonMapper();
        assertThat(json.readTree(Columns.json(row))).isEqualTo(json.readTree(expected));
    }

    @Test
    void commentsBesideTheNoteAreMappedWithReplies() {
        NoteDetail detail = Captures.map(Captures.of("""
                                {"code":0,"data":[
                                 {"note_list":[{"id":"66aa00000000000000000002","title":"other"}],
                                  "comment_list":[{"id":"x","content":"of another note"}]},
                                 {"note_list":[{"id":"66aa00000000000000000001","title":"t"}],
                                  "comment_list":[
                                   {"id":"c1","content":"first","time":1722416400,"ip_location":"云南","like_count":"1.2万","sub_comment_count":7,
                                    "user":{"userid":"u1","red_id":"9876543","nickname":"甲"},
                                    "sub_comments":[
                                     {"id":"c2","content":"reply","create_time":1722416401000,"user_info":{"user_id":"u2","nickname":"乙"}},
                                     {"id":"c3","content":"to the reply","likes":3,"target_comment":{"id":"c2"},"user":{"id":"u3"},
                                      "sub_comments":[{"id":"c4","content":"no third level"}]}]},
                                   7,null,{},{"content":"nameless\\u0000"}]}]}
                                """.getBytes(StandardCharsets.UTF_8)));

        assertThat(detail.comments())
                .containsExactly(
                        new Comment(
                                "c1",
                                null,
                                "u1",
                                "9876543",
                                "甲",
                                "first",
                                Instant.ofEpochSecond(1722416400),
                                "云南",
                                12_000L,
                                7L),
                        new Comment(
                                "c2",
                                "c1",
                                "u2",
                                null,
                                "乙",
                                "reply",
                                Instant.ofEpochSecond(1722416401),
                                null,
                                null,
                                null),
                        new Comment("c3", "c2", "u3", null, null, "to the reply", null, null, 3L, null),
                        new Comment(null, null, null, null, null, "nameless\uFFFD", null, null, null, null));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            nullValues = "null",
            delimiter = '|',
            value = {
                "liked_count | 0 | liked_count | 0",
                "liked_count | 689 | liked_count | 689",
                "liked_count | 2147483648 | liked_count | 2147483648",
                "liked_count | 137728697860969105 | liked_count | 137728697860969105",
                "liked_count | \"689\" | liked_count | 689",
                "liked_count | \" 689 \" | liked_count | 689",
                "liked_count | \"1.2万\" | liked_count | 12000",
                "liked_count | \"10万+\" | liked_count | 100000",
                "liked_count | \"3亿\" | liked_count | 300000000",
                "liked_count | \"1.25亿\" | liked_count | 125000000",
                "liked_count | \"1.2w\" | liked_count | 12000",
                "liked_count | \"3K\" | liked_count | 3000",
                "liked_count | \"999+\" | liked_count | 999",
                "liked_count | \"1.23456万\" | liked_count | 12345",
                "liked_count | \"999999999999999亿\" | liked_count | null",
                "liked_count | 99999999999999999999 | liked_count | null",
                "liked_count | -1 | liked_count | null",
                "liked_count | 1.5 | liked_count | null",
                "liked_count | \"\" | liked_count | null",
                "liked_count | \"赞\" | liked_count | null",
                "liked_count | \"1.2.3万\" | liked_count | null",
                "liked_count | \"万\" | liked_count | null",
                "liked_count | true | liked_count | null",
                "liked_count | {} | liked_count | null",
                "liked_count | [7] | liked_count | null",
                "in_censor | \"true\" | in_censor | true",
                "media_save_config | {\"disable_save\":\"False\"} | save_disabled | false",
                "media_save_config | {\"disable_save\":\"False\"} | watermark_disabled | null",
                "function_switch | [{\"type\":\"video_download\",\"enable\":true}] | download_allowed | true",
                "video_info_v2 | {\"capa\":{\"duration\":61},\"media\":{\"video\":{\"duration\":62}}} | video_duration_ms | 62000",
                "video_info_v2 | {\"capa\":{\"duration\":61}} | video_duration_ms | 61000",
                "video_info_v2 | {\"capa\":{\"duration\":9223372036854775807}} | video_duration_ms | null",
                "video_info_v2 | {\"media\":{\"stream\":{\"h264\":[{\"duration\":0},{\"duration\":9}]}}} | video_duration_ms | 9",
                "video_info_v2 | {\"media\":{\"stream\":[]}} | video_duration_ms | null",
                "video_info_v2 | 7 | video_duration_ms | null"
            })
    void valueIsParsedInAnyFormat(String field, String sent, String column, @Nullable String value) {
        NoteColumns note = Captures.map(Captures.ofNote("\"%s\":%s".formatted(field, sent)))
                .note();

        assertThat(NoteColumns.class.getRecordComponents())
                .extracting(RecordComponent::getName)
                .anyMatch(name -> name.equalsIgnoreCase(column.replace("_", "")));
        assertThat(new JsonMapper().readTree(Columns.json(note)).path(column).asString(null))
                .isEqualTo(value);
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

        NoteDetail detail = Captures.map(Captures.ofNote("\"time\":" + value + ",\"last_update_time\":" + value));

        assertThat(detail.note().publishedAt()).isEqualTo(time);
        assertThat(detail.note().editedAt()).isEqualTo(time);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"user\":null,\"hash_tag\":null,\"topics\":{},\"ats\":7,\"function_switch\":{}",
                "\"user\":[],\"hash_tag\":[null,7,\"x\",{},{\"name\":\"\"},{\"id\":\"7\"}],\"ats\":[null,{},7]",
                "\"title\":{},\"desc\":[],\"type\":true,\"ip_location\":null,\"privacy\":7,\"media_save_config\":\"x\",\"images_list\":{},\"sticky\":7",
                "\"widgets_context\":\"{not json\",\"native_voice_info\":null,\"simple_music_info\":[],\"cooperate_binds\":{},\"comment_list\":{},\"video_info_v2\":\"x\"",
                "\"privacy\":{\"type\":\"0\"},\"in_censor\":\"perhaps\",\"function_switch\":[null,{\"type\":\"other\",\"enable\":false}]"
            })
    void unexpectedTypesAreAbsent(String properties) {
        NoteDetail detail = Captures.map(Captures.ofNote(properties));

        assertThat(NoteCatalog.NOTE.differing(null, detail.note())).isEmpty();
        assertThat(detail.author()).isNull();
        assertThat(detail.topics()).isEmpty();
        assertThat(detail.mentions()).isEmpty();
        assertThat(detail.comments()).isEmpty();
    }

    @Test
    void textsAreSanitizedAndNotTruncated() {
        String longText = "好\\r\\n".repeat(20_000);

        NoteDetail detail =
                Captures.map(Captures.ofNote("\"title\":\"\",\"desc\":\"a\\u0000\\ud83d🍚" + longText + "\""));

        assertThat(detail.note().title()).isNull();
        assertThat(detail.note().noteText()).startsWith("a\uFFFD\uFFFD🍚好\r\n").hasSize(5 + 60_000);
    }

    @Test
    void topicInBothListsIsStoredOnce() {
        NoteDetail detail = Captures.map(
                Captures.ofNote("\"hash_tag\":[{\"id\":\"1\",\"name\":\"a\",\"type\":\"topic\"},{\"name\":\"b\"}],"
                        + "\"topics\":[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":\"c\"}]"));

        assertThat(detail.topics())
                .containsExactly(new Topic("1", "a", "topic"), new Topic(null, "b", null), new Topic("2", "c", null));
    }

    @Test
    void idsAndTopicsFitAnIndex() {
        String endless = "\ud83d\ude00".repeat(50_000);

        NoteDetail detail = Captures.map(Captures.ofNote("""
                                "user":{"id":"%1$s","nickname":"%1$s"},
                                "hash_tag":[{"id":"%1$s","name":"x%1$s"}],
                                "ats":[{"id":"%1$s","nickname":"%1$s"}],"desc":"%1$s"
                                """.formatted(endless)));

        assertThat(detail.author()).isNull();
        assertThat(detail.topics()).containsExactly(new Topic(null, "x" + "\ud83d\ude00".repeat(249), null));
        assertThat(detail.mentions()).containsExactly(new Mention(null, endless));
        assertThat(detail.note().noteText()).isEqualTo(endless);
    }
}
