package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseReader.Envelope;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseReaderTests {

    private static final NoteId ASKED = new NoteId("66aa00000000000000000001");
    private static final String NOTE = "{\"id\":\"66aa00000000000000000001\",\"type\":\"normal\",\"title\":\"t\"}";
    private static final String OTHER = "{\"id\":\"66aa00000000000000000002\",\"type\":\"normal\",\"title\":\"other\"}";

    private final ResponseReader reader = new ResponseReader();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0       | 0",
                "\"0\"   | 0",
                "301     | 301",
                "\"301\" | 301",
                "\" 303 \" | 303",
                "0.0     | 0",
                "301.00  | 301",
                "\"201.0\" | 201",
                "2E2     | 200",
                "-1      | -1",
                "99999   | 99999"
            })
    void aCodeIsANumberOrANumberInAText(String sent, int code) {
        assertThat(read("{\"code\":" + sent + "}").code()).isEqualTo(code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "[]",
                "7",
                "\"0\"",
                "{}",
                "{\"code\":null}",
                "{\"code\":\"\"}",
                "{\"code\":\"OK\"}",
                "{\"code\":0.5}",
                "{\"code\":NaN}",
                "{\"code\":true}",
                "{\"code\":{}}",
                "{\"code\":99999999999}",
                "{\"code\":\"99999999999\"}",
                "<html><body>502 Bad Gateway</body></html>",
                "{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"66aa00000000000000000001\"",
                "502 {\"code\":0}"
            })
    void whatIsNoEnvelopeWithACodeIsNoAnswer(String body) {
        assertThat(reader.read(body.getBytes(StandardCharsets.UTF_8), ASKED)).isEmpty();
    }

    @Test
    void nothingButTheCodeIsRequired() {
        Envelope answer = read("{\"code\":301}");

        assertThat(answer.message()).isNull();
        assertThat(answer.requestId()).isNull();
        assertThat(answer.note()).isEmpty();
        assertThat(answer.shape()).isEqualTo("data is empty");
    }

    @Test
    void theNoteIsFoundInTheListOfVersion1WithTheAuthorBesideIt() {
        Envelope answer = read("{\"recordTime\":null,\"data\":[{\"user\":{\"id\":\"u\"},\"note_list\":["
                + NOTE
                + "],\"comment_list\":[],\"model_type\":\"note\"}],\"requestId\":\"r-1\",\"message\":null,\"code\":0}");

        assertThat(title(answer)).isEqualTo("t");
        assertThat(answer.note().orElseThrow().author().path("id").stringValue())
                .isEqualTo("u");
        assertThat(answer.requestId()).isEqualTo("r-1");
    }

    @Test
    void theNoteIsFoundInTheFlatShapeOfVersion6AmongNotesThatAreRecommended() {
        Envelope answer = read("{\"code\":0,\"data\":[" + OTHER + "," + NOTE + "]}");

        assertThat(title(answer)).isEqualTo("t");
        assertThat(answer.note().orElseThrow().author().isMissingNode()).isTrue();
    }

    @Test
    void theNoteIsPickedByItsIdAndNotByItsPlace() {
        Envelope answer = read("{\"code\":0,\"data\":[{\"note_list\":[" + OTHER + "," + NOTE + "]}]}");

        assertThat(title(answer)).isEqualTo("t");
    }

    @Test
    void theNotesOwnAuthorWinsOverTheOneBesideIt() {
        Envelope answer = read("""
                        {"code":0,"data":[{"user":{"id":"beside"},"note_list":[
                          {"id":"66aa00000000000000000001","user":{"id":"within"}}]}]}
                        """);

        assertThat(answer.note().orElseThrow().author().path("id").stringValue())
                .isEqualTo("within");
    }

    @ParameterizedTest
    @ValueSource(strings = {"id", "note_id", "noteId"})
    void theIdMayHaveAnotherNameOrUpperCase(String field) {
        Envelope answer = read("{\"code\":0,\"data\":[{\"note_list\":[{\""
                + field
                + "\":\"66AA00000000000000000001\",\"title\":\"t\"}]}]}");

        assertThat(title(answer)).isEqualTo("t");
    }

    @Test
    void aNoteWithoutAnIdIsTakenForTheOneAskedAboutWhenItIsTheOnlyOne() {
        String nameless = "{\"type\":\"normal\",\"title\":\"t\",\"desc\":\"d\"}";

        assertThat(title(read("{\"code\":0,\"data\":[{\"note_list\":[" + nameless + "]}]}")))
                .isEqualTo("t");
        assertThat(title(read("{\"code\":0,\"data\":[" + nameless + "]}"))).isEqualTo("t");
        assertThat(read("{\"code\":0,\"data\":[" + nameless + "," + nameless + "]}")
                        .note())
                .isEmpty();
        assertThat(read("{\"code\":0,\"data\":[" + nameless + "," + OTHER + "]}")
                        .note())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"code\":0}",
                "{\"code\":0,\"data\":null}",
                "{\"code\":0,\"data\":[]}",
                "{\"code\":0,\"data\":{}}",
                "{\"code\":0,\"data\":\"\"}",
                "{\"code\":0,\"data\":\"text\"}",
                "{\"code\":0,\"data\":7}",
                "{\"code\":0,\"data\":[null]}",
                "{\"code\":0,\"data\":[[]]}",
                "{\"code\":0,\"data\":[\"x\",7,null,{}]}",
                "{\"code\":0,\"data\":[{\"user\":{},\"note_list\":[],\"comment_list\":[],\"model_type\":\"note\"}]}",
                "{\"code\":0,\"data\":[{\"user\":{},\"model_type\":\"note\"}]}",
                "{\"code\":0,\"data\":[{\"note_list\":null}]}",
                "{\"code\":0,\"data\":[{\"note_list\":[null]}]}",
                "{\"code\":0,\"data\":[{\"note_list\":{}}]}",
                "{\"code\":0,\"data\":[{\"note_list\":[{\"model_type\":\"error\"}]}]}",
                "{\"code\":0,\"data\":[{\"note_list\":[{\"model_type\":\"error\",\"title\":\"\",\"desc\":\"\"}]}]}",
                "{\"code\":0,\"data\":[{\"note_list\":[{\"model_type\":\"error\",\"id\":\"66aa00000000000000000001\"}]}]}",
                "{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"66aa00000000000000000002\",\"title\":\"a\",\"desc\":\"b\"}]}]}",
                "{\"code\":0,\"data\":[{\"note_list\":[{\"id\":7,\"note_id\":\"66aa00000000000000000002\",\"title\":\"a\",\"desc\":\"b\"}]}]}"
            })
    void aSuccessWithoutTheNoteThatWasAskedAboutHoldsNone(String body) {
        Envelope answer = read(body);

        assertThat(answer.code()).isZero();
        assertThat(answer.note()).isEmpty();
    }

    @Test
    void theShapeOfAnAnswerWithoutItsNoteNamesItsKeys() {
        assertThat(read("{\"code\":0,\"data\":[{\"zebra\":1,\"apple\":2}]}").shape())
                .isEqualTo("data holds {apple, zebra}");
        assertThat(read("{\"code\":0,\"data\":[]}").shape()).isEqualTo("data is empty");
    }

    @ParameterizedTest
    @ValueSource(ints = {201, 202, 404})
    void aGoneNoteIsACodeWithoutData(int code) {
        Envelope answer =
                read("{\"code\":" + code + ",\"message\":\"No content available\",\"data\":null,\"recordTime\":null}");

        assertThat(answer.code()).isEqualTo(code);
        assertThat(answer.message()).isEqualTo("No content available");
        assertThat(answer.note()).isEmpty();
    }

    @Test
    void aByteOrderMarkInFrontDoesNoHarm() {
        assertThat(title(read("\uFEFF{\"code\":0,\"data\":[" + NOTE + "]}"))).isEqualTo("t");
    }

    @Test
    void lettersInAnotherEncodingAreSpoiltButTheCodeAndTheNoteAreRead() {
        byte[] latin1 =
                "{\"code\":0,\"message\":\"d\u00e9j\u00e0\",\"data\":[{\"id\":\"66aa00000000000000000001\",\"title\":\"\u00e9\"}]}"
                        .getBytes(StandardCharsets.ISO_8859_1);

        Envelope answer = reader.read(latin1, ASKED).orElseThrow();

        assertThat(answer.message()).isEqualTo("d\uFFFDj\uFFFD");
        assertThat(answer.note()).isPresent();
    }

    @Test
    void everyTruncationOfAnAnswerIsNoAnswer() {
        byte[] whole = ("{\"code\":0,\"message\":\"好\",\"data\":[{\"note_list\":[" + NOTE + "]}]}")
                .getBytes(StandardCharsets.UTF_8);

        for (int length = 0; length < whole.length; length++) {
            assertThat(reader.read(Arrays.copyOf(whole, length), ASKED))
                    .as("the first %d bytes", length)
                    .isEmpty();
        }
    }

    @Test
    void deepNestingAndUnknownKeysDoNoHarm() {
        String deep = "[".repeat(60) + "]".repeat(60);

        Envelope answer = read(
                "{\"url_8k\":1,\"code\":0,\"data\":[{\"id\":\"66aa00000000000000000001\",\"title\":\"t\",\"biz_map\":"
                        + deep
                        + "}]}");

        assertThat(title(answer)).isEqualTo("t");
    }

    @Test
    void nestingWithoutEndIsNoAnswerAndNoCrash() {
        String endless = "{\"code\":0,\"data\":" + "[".repeat(200_000);

        assertThat(reader.read(endless.getBytes(StandardCharsets.UTF_8), ASKED)).isEmpty();
    }

    @Test
    void anAnswerOfFiveMegabytesIsRead() {
        String text = "好".repeat(1_700_000);

        Envelope answer = read("{\"code\":0,\"data\":[{\"id\":\"66aa00000000000000000001\",\"title\":\"t\",\"desc\":\""
                + text
                + "\"}]}");

        assertThat(answer.note().orElseThrow().note().path("desc").stringValue())
                .hasSize(1_700_000);
    }

    @Test
    void numbersBeyondADoubleKeepTheirDigits() {
        Envelope answer = read(
                "{\"code\":0,\"data\":[{\"id\":\"66aa00000000000000000001\",\"liked_count\":137728697860969105,\"x\":0.12345678901234567890123}]}");

        assertThat(answer.note().orElseThrow().note().path("liked_count").longValue())
                .isEqualTo(137728697860969105L);
        assertThat(answer.note().orElseThrow().note().path("x").toString()).isEqualTo("0.12345678901234567890123");
    }

    @Test
    void aMessageThatIsNoTextIsShownAsItIs() {
        assertThat(read("{\"code\":500,\"message\":{\"detail\":[\"busy\"]}}").message())
                .isEqualTo("{\"detail\":[\"busy\"]}");
    }

    @Test
    void aMessageFitsALine() {
        Envelope answer = read("{\"code\":500,\"message\":\"a\\nb\\u0000c\\ud83d" + "x".repeat(500) + "\"}");

        assertThat(answer.message()).startsWith("a b c x").hasSize(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"GET /x?noteId=1&token=s3cret&y=2 failed\"",
                "\"TOKEN=s3cret\"",
                "\"token: s3cret\"",
                "{\"token\":\"s3cret\",\"why\":\"expired\"}",
                "{\"secret\" : \"s3cret\"}",
                "[\"https://c/a?sign=s3cret&t=1\"]"
            })
    void whatLooksLikeACredentialIsTakenOutOfAMessage(String message) {
        assertThat(read("{\"code\":100,\"message\":" + message + "}").message())
                .contains("****")
                .doesNotContain("s3cret");
    }

    @Test
    void aMessageWithoutCredentialsStaysAsItIs() {
        assertThat(read("{\"code\":100,\"message\":\"TOKEN INVALID/UNACTIVATE\"}")
                        .message())
                .isEqualTo("TOKEN INVALID/UNACTIVATE");
    }

    @ParameterizedTest
    @ValueSource(ints = {2_000, 100_000})
    void nestingBesideTheNoteDoesNotHideIt(int levels) {
        String deep = "[".repeat(levels) + "]".repeat(levels);

        Envelope answer = read("{\"data\":[{\"note_list\":["
                + NOTE.replace("}", ",\"new\":" + deep + "}")
                + "]}],\"x\":"
                + deep
                + ",\"code\":0}");

        assertThat(answer.code()).isZero();
        assertThat(title(answer)).isEqualTo("t");
    }

    @ParameterizedTest
    @ValueSource(strings = {"}", "{\"code\":303}", " <!-- 7 ms -->", "\r\n0\r\n\r\n"})
    void theFirstObjectIsTheAnswer(String behind) {
        assertThat(title(read("{\"code\":0,\"data\":[" + NOTE + "]}" + behind))).isEqualTo("t");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "0", "[0]"})
    void theNoteIsFoundAmongTooManyValues(String value) {
        String many = (value + ",").repeat(200_000);

        assertThat(title(read("{\"data\":[" + many + NOTE + "],\"code\":0}"))).isEqualTo("t");
        assertThat(title(read("{\"data\":[{\"note_list\":[{\"new\":["
                        + many
                        + "0],"
                        + NOTE.substring(1)
                        + "]}],\"code\":0}")))
                .isEqualTo("t");
    }

    @Test
    void theShapeOfAnAnswerFitsALineAndAColumn() {
        String key = "\\u0000\\ud83d\\n" + "k".repeat(10_000);

        Envelope answer = read("{\"code\":0,\"data\":[{\"" + key + "\":1}]}");

        assertThat(answer.shape()).hasSizeLessThanOrEqualTo(200).startsWith("data holds {   kkk");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "0", "true", "{}", "[]", "[\"66aa00000000000000000001\"]"})
    void aNoteWithAnIdThatNoOneCanReadIsNotTakenForTheOneAskedAbout(String id) {
        String note = "{\"id\":" + id + ",\"type\":\"normal\",\"title\":\"t\",\"desc\":\"d\"}";

        assertThat(read("{\"code\":0,\"data\":[{\"note_list\":[" + note + "]}]}")
                        .note())
                .isEmpty();
    }

    private Envelope read(String body) {
        return reader.read(body.getBytes(StandardCharsets.UTF_8), ASKED).orElseThrow();
    }

    private static String title(Envelope answer) {
        return answer.note().orElseThrow().note().path("title").stringValue();
    }
}
