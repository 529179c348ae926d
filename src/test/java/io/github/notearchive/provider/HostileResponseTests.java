package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.text.Secret;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Deferred.DeferralCause;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A hostile provider costs a call, and no memory, time or token. */
@Isolated("reads a log that other tests write to")
@Timeout(30)
class HostileResponseTests extends ClientFixture {

    private static final String TOKEN = "s3cr3t+/=&% token";
    private static final String PERCENT = "s3cr3t%2B%2F%3D%26%25%20token";
    private static final String CHUNKED = "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n";

    private final List<CallRecorderFixture.Received> received = recorder.received;

    @RegisterExtension
    final RecordedLog log = new RecordedLog(JustOneApiClient.class);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3cr3t+/=&% token",
                "s3cr3t%2B%2F%3D%26%25%20token",
                "s3cr3t%2b%2f%3d%26%25+token",
                "%73%33%63%72%33%74%2b%2f%3d%26%25%20%74%6f%6b%65%6e",
                "s3cr3t%252B%252F%253D%2526%2525%2520token",
                "s3cr3t+\\/=&% token",
                "s3cr3t\\u002b\\u002F\\u003d\\u0026\\u0025\\u0020token",
                "s3cr3t+\\\\\\/\\\\u003D&% token",
                "?token=s3cr3t%2B/=\\u0026% token&noteId=1",
                "\\\\s3cr3t+/=&% token",
                "s3cr3t+/=&% tokens3cr3t+/=&% token"
            })
    void repeatedTokenIsReplacedBeforeTheResponseIsUsed(String echo) throws Exception {
        String before = "{\"code\":0,\"requestId\":\"";
        String between = "\",\"data\":[{\"note_list\":[{\"id\":\"" + ID + "\",\"title\":\"好";
        String sent = before + echo + between + echo + "\",\"" + echo + "\":1}]}]}";
        provider.replies(200, sent);

        Found found = (Found) fetch(client("token", TOKEN), NOTE);

        byte[] kept = found.capture().response();
        assertThat(received.getFirst().response()).isEqualTo(kept);
        assertThat(kept).hasSameSizeAs(sent.getBytes(StandardCharsets.UTF_8));
        for (String seen : List.of(
                new String(kept, StandardCharsets.UTF_8),
                found.capture().note().toString(),
                received.getFirst().reply().toString(),
                String.valueOf(received.getFirst().reply().requestId()),
                logged())) {
            assertThat(seen).doesNotContain("s3cr3t", "%73%33", "%2B", "u002b");
        }
        assertThat(found.capture().note().path("title").stringValue())
                .startsWith("好")
                .contains("*");
        assertThat(logged()).contains(ID + ": the provider's response repeats our token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-32BE"})
    void tokenIsFoundInEveryEncodingThatIsParsed(String charset) throws Exception {
        String sent = "{\"code\":201,\"message\":\"" + TOKEN + "\"}";
        provider.replies(ScriptedServer.reply(200, sent.getBytes(Charset.forName(charset))));

        Missing missing = (Missing) fetch(client("token", TOKEN), NOTE);

        assertThat(missing.reply().message()).isEqualTo("*".repeat(TOKEN.length()));
        byte[] kept = received.getFirst().response();
        assertThat(new String(kept, Charset.forName(charset)))
                .isEqualTo(sent.replace(TOKEN, "*".repeat(TOKEN.length())));
    }

    @Test
    void responseWithoutTheTokenIsStoredByteForByte() throws Exception {
        String sent = "{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"" + ID + "\",\"t\":\"s3cr3t+\"}]}]}";
        provider.replies(200, sent);

        Found found = (Found) fetch(client("token", TOKEN), NOTE);

        assertThat(found.capture().response()).isEqualTo(sent.getBytes(StandardCharsets.UTF_8));
        assertThat(log.messages()).isEmpty();
    }

    @Test
    @Timeout(60) // a search whose time grows with the square of the length takes many minutes
    void searchTakesLinearTimeForEveryBody() {
        TokenRedactor redactor = new TokenRedactor(new Secret("tttttttt" + TOKEN));

        for (String piece : List.of("\\", "%25", "t", "t\\", "t\0", "%2525", "tttttttt\\")) {
            byte[] body = piece.repeat(1_000_000 / piece.length()).getBytes(StandardCharsets.UTF_8);

            assertThat(redactor.redact(body)).isEmpty();
        }
    }

    @Test
    void tokenWithAPercentSignIsReplaced() {
        TokenRedactor redactor = new TokenRedactor(new Secret("50%25+abcdef"));

        for (String form : List.of("50%25+abcdef", "50%2525+abcdef", "50%2525%2babcdef")) {
            byte[] body = ("x" + form + "y").getBytes(StandardCharsets.UTF_8);

            assertThat(redactor.redact(body).orElseThrow())
                    .isEqualTo(("x" + "*".repeat(form.length()) + "y").getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void tokenInAnInvalidHeaderIsInNoMessage() throws Exception {
        for (String echo : List.of(TOKEN, PERCENT)) {
            provider.replies(ScriptedServer.cutShort("HTTP/1.1 " + echo + "\r\n\r\n"))
                    .replies(200, "{\"code\":301}", "Content-Encoding: " + echo)
                    .replies(200, "{\"code\":301}", "Transfer-Encoding: " + echo)
                    .replies(200, "{\"code\":301}", "Content-Length: " + echo)
                    .replies(302, "", "Location: http://127.0.0.1:1/" + echo, "Retry-After: " + echo);
            JustOneApiClient client = client("token", TOKEN);
            for (int i = 0; i < 5; i++) {
                assertThat(fetch(client, NOTE)).isInstanceOf(Deferred.class);
            }
        }

        assertThat(received).hasSize(10);
        assertThat(received.toString() + logged()).doesNotContain("s3cr3t");
    }

    @Test
    void failureOfAPingNamesTheHostAndContainsNoToken() {
        provider.replies(
                ScriptedServer.cutShort("HTTP/1.1 " + TOKEN + "\r\n\r\n"),
                ScriptedServer.cutShort((TOKEN + " x\r\n").repeat(20)));

        assertThatThrownBy(() -> new ProviderPing(Settings.of("base-url", provider.address(), "token", TOKEN)).send())
                .isInstanceOf(IOException.class)
                .hasNoCause()
                .hasMessageContaining(provider.address() + " cannot be reached")
                .satisfies(e -> assertThat(e.toString()).doesNotContain("s3cr3t"));
    }

    @Test
    void messageOfTheProviderStartsNoLine() throws Exception {
        log.include(Level.DEBUG);
        String forged = "x\\n2026-11-25T00:00:00.000Z ERROR forged\\r\\u001b[2J\\u009b1m\\u0007";
        provider.replies(200, "{\"code\":0,\"data\":{\"" + forged + "\":1}}")
                .replies(200, "{\"code\":0,\"data\":{\"" + "k".repeat(5_000) + "\":1}}")
                .replies(200, "{\"code\":777,\"message\":\"" + forged + "\",\"requestId\":\"" + forged + "\"}");
        JustOneApiClient client = client("token", TOKEN);
        for (int i = 0; i < 3; i++) {
            fetch(client, NOTE);
        }

        List<String> texts = new ArrayList<>();
        received.forEach(response -> texts.add(response.reply().toString()));
        received.forEach(response -> texts.add(response.reply().requestId() + ""));
        texts.addAll(log.messages());
        assertThat(log.messages()).hasSize(3);
        assertThat(texts).hasSize(9).allSatisfy(text -> assertThat(text).hasSizeLessThan(400));
        assertThat(texts).allMatch(text -> text.chars().noneMatch(Character::isISOControl));
    }

    @Test
    void headersAreLimitedInLengthAndNumber() throws Exception {
        String status = "HTTP/1.1 200 x\r\n";
        provider.replies(
                        ScriptedServer.endless(status, "x".repeat(4096)),
                        ScriptedServer.endless(status, "X-Y: z\r\n".repeat(100)),
                        ScriptedServer.endless(status, " folded\r\n".repeat(100)),
                        ScriptedServer.endless(CHUNKED, "x".repeat(4096)),
                        ScriptedServer.endless(CHUNKED + "1\r\n{\r\n0\r\n", "X-Y: z\r\n".repeat(100)))
                .replies(200, "{\"code\":301}");
        JustOneApiClient client = client();

        for (int i = 0; i < 5; i++) {
            assertThat(((Deferred) fetch(client, NOTE)).cause())
                    .as("response " + i)
                    .isEqualTo(DeferralCause.FAULT);
        }

        assertThat(((Deferred) fetch(client, NOTE)).cause()).isEqualTo(DeferralCause.NOT_COLLECTED);
        assertThat(provider.lines()).hasSize(6);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void slowHeadersAndEndlessInterimResponsesAreEndedByTheDeadline(boolean isSlow) throws Exception {
        provider.replies(
                isSlow
                        ? provider.drip("HTTP/1.1 200 x\r\nX: ", "x")
                        : ScriptedServer.endless("", "HTTP/1.1 100 Continue\r\n\r\n"));

        Deferred deferred = (Deferred) fetch(client("response-timeout", "500ms"), NOTE);

        assertThat(deferred.reply().message()).startsWith("no complete response within");
    }

    private String logged() {
        return String.join("\n", log.messages());
    }
}
