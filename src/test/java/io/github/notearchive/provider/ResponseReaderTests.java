package io.github.notearchive.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.ResponseReader.Envelope;
import io.github.notearchive.provider.ResponseReader.FoundNote;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** JSON in these tests has single quotes; NOTE and OTHER stand for the requested and another note. */
class ResponseReaderTests {

    private static final NoteId REQUESTED = new NoteId("66aa00000000000000000001");
    private static final String NOTE = "{'id':'66aa00000000000000000001','type':'normal','title':'t'}";
    private static final String OTHER = "{'id':'66aa00000000000000000002','type':'normal','title':'other'}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "0       | 0",
                "'0'     | 0",
                "301     | 301",
                "'301'   | 301",
                "' 303 ' | 303",
                "0.0     | 0",
                "301.00  | 301",
                "'201.0' | 201",
                "2E2     | 200",
                "-1      | -1",
                "99999   | 99999"
            })
    void codeIsANumberOrANumberInAString(String sent, int code) {
        assertThat(read("{'code':" + sent + "}").code()).isEqualTo(code);
    }

    @Test
    void bodyWithoutACodeIsNoEnvelope() {
        Stream<String> bodies = cases("""
                null ~ [] ~ 7 ~ '0' ~ {} ~ {'code':null} ~ {'code':''} ~ {'code':'OK'} ~ {'code':0.5} ~ {'code':NaN}
                {'code':true} ~ {'code':{}} ~ {'code':99999999999} ~ {'code':'99999999999'} ~ 502 {'code':0}
                <html><body>502 Bad Gateway</body></html>
                """);

        assertThat(Stream.concat(bodies, Stream.of("", " ")))
                .allSatisfy(body -> assertThat(ResponseReader.read(json(body).getBytes(UTF_8), REQUESTED))
                        .isEmpty());
    }

    @Test
    void everyTruncatedBodyIsNoEnvelope() {
        byte[] complete = json("{'code':0,'message':'好','data':[{'note_list':[" + NOTE + "]}]}")
                .getBytes(UTF_8);

        for (int length = 0; length < complete.length; length++) {
            assertThat(ResponseReader.read(Arrays.copyOf(complete, length), REQUESTED))
                    .as("the first %d bytes", length)
                    .isEmpty();
        }
        assertThat(ResponseReader.read(
                        json("{'code':0,'data':" + "[".repeat(200_000)).getBytes(UTF_8), REQUESTED))
                .as("nesting without end")
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "version 1, author beside it | [{'user':{'id':'u'},'note_list':[NOTE],'comment_list':[]}] | u",
                "version 6, recommended ones | [OTHER,NOTE] |",
                "by id, not by position      | [{'note_list':[OTHER,NOTE]}] |",
                "author within the note      | [{'user':{'id':'b'},'note_list':[{'id':'ID','title':'t','user':{'id':'w'}}]}] | w",
                "id of another name          | [{'note_list':[{'note_id':'66AA00000000000000000001','title':'t'}]}] |",
                "id of another name          | [{'note_list':[{'noteId':'66AA00000000000000000001','title':'t'}]}] |",
                "only note, without id       | [{'note_list':[{'type':'normal','title':'t','desc':'d'}]}] |",
                "only note, without id       | [{'type':'normal','title':'t','desc':'d'}] |",
                "unknown keys                | [{'url_8k':1,'id':'ID','title':'t','biz_map':[[[[[[[[]]]]]]]]}] |",
            })
    void noteIsFound(String name, String data, @Nullable String author) {
        FoundNote found = read("{'recordTime':null,'data':" + data + ",'requestId':'r-1','message':null,'code':0}")
                .note()
                .orElseThrow();

        assertThat(found.note().path("title").stringValue()).as(name).isEqualTo("t");
        assertThat(found.author().path("id").stringValue("")).isEqualTo(author == null ? "" : author);
    }

    @Test
    void successWithoutTheRequestedNoteHasNone() {
        assertThat(cases("""
                        null ~ [] ~ {} ~ '' ~ 'text' ~ 7 ~ [null] ~ [[]] ~ ['x',7,null,{}] ~ [{'note_list':null}]
                        [{'user':{},'note_list':[],'comment_list':[],'model_type':'note'}] ~ [{'user':{},'model_type':'note'}]
                        [{'note_list':[null]}] ~ [{'note_list':{}}] ~ [{'note_list':[{'model_type':'error'}]}]
                        [{'note_list':[{'model_type':'error','title':'','desc':''}]}]
                        [{'note_list':[{'model_type':'error','id':'ID'}]}]
                        [{'note_list':[{'id':'66aa00000000000000000002','title':'a','desc':'b'}]}]
                        [{'note_list':[{'id':7,'note_id':'66aa00000000000000000002','title':'a','desc':'b'}]}]
                        [{'title':'t','desc':'d'},{'title':'t','desc':'d'}] ~ [{'title':'t','desc':'d'},OTHER]
                        [{'note_list':[{'id':7,'title':'t','desc':'d'}]}] ~ [{'note_list':[{'id':true,'title':'t','desc':'d'}]}]
                        [{'note_list':[{'id':{},'title':'t','desc':'d'}]}] ~ [{'note_list':[{'id':['ID'],'title':'t','desc':'d'}]}]
                        """)).allSatisfy(data -> {
            Envelope envelope = read("{'code':0,'data':" + data + "}");
            assertThat(envelope.code()).isZero();
            assertThat(envelope.note()).isEmpty();
        });
    }

    private static Stream<String> cases(String text) {
        return text.lines().flatMap(line -> Stream.of(line.split(" ~ ")));
    }

    @Test
    void onlyTheCodeIsRequired() {
        assertThat(read("{'code':301}"))
                .isEqualTo(new Envelope(301, null, null, Optional.empty(), Optional.empty(), "data is empty"));
        assertThat(read("{'code':201,'message':'No content available','data':null}"))
                .isEqualTo(new Envelope(
                        201, "No content available", null, Optional.empty(), Optional.empty(), "data is empty"));
    }

    @Test
    void shapeNamesTheKeysInOneLine() {
        assertThat(read("{'code':0,'data':[{'zebra':1,'apple':2}]}").shape()).isEqualTo("data holds {apple, zebra}");
        assertThat(read("{'code':0,'data':[]}").shape()).isEqualTo("data is empty");
        String key = "\\u0000\\ud83d\\n" + "k".repeat(10_000);

        assertThat(read("{'code':0,'data':[{'" + key + "':1}]}").shape())
                .hasSizeLessThanOrEqualTo(200)
                .startsWith("data holds {   kkk");
    }

    @Test
    void numbersAreExact() {
        var note =
                read("{'code':0,'data':[{'id':'ID','title':'t','liked_count':137728697860969105,'x':0.12345678901234567890123}]}")
                        .note()
                        .orElseThrow()
                        .note();

        assertThat(note.path("liked_count").longValue()).isEqualTo(137728697860969105L);
        assertThat(note.path("x").toString()).isEqualTo("0.12345678901234567890123");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'detail':['busy']}                            | {'detail':['busy']}",
                "'TOKEN INVALID/UNACTIVATE'                     | TOKEN INVALID/UNACTIVATE",
                "'GET /x?noteId=1&token=s3cret&y=2 failed'      | GET /x?noteId=1&token=****&y=2 failed",
                "'TOKEN=s3cret'                                 | TOKEN=****",
                "'token: s3cret'                                | token: ****",
                "{'token':'s3cret','why':'expired'}             | {'token':'****','why':'expired'}",
                "{'secret' : 's3cret'}                          | {'secret':'****'}",
                "['https://c/a?sign=s3cret&t=1']                | ['https://c/a?sign=****&t=1']"
            })
    void messageHasNoCredentials(String message, String expected) {
        assertThat(read("{'code':100,'message':" + message + "}").message()).isEqualTo(json(expected));
    }

    @Test
    void messageIsOneShortLine() {
        Envelope envelope = read("{'code':500,'message':'a\\nb\\u0000c\\ud83d" + "x".repeat(500) + "'}");

        assertThat(envelope.message()).startsWith("a b c x").hasSize(200);
    }

    private Envelope read(String body) {
        return ResponseReader.read(json(body).getBytes(UTF_8), REQUESTED).orElseThrow();
    }

    private static String json(String text) {
        return text.replace("NOTE", NOTE)
                .replace("OTHER", OTHER)
                .replace("'ID'", "'" + REQUESTED + "'")
                .replace('\'', '"');
    }
}
