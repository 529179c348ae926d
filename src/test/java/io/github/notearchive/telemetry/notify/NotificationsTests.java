package io.github.notearchive.telemetry.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.Secret;
import io.github.notearchive.telemetry.metrics.MetricsProperties;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.ValidatorFactory;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Messages and pings: what is sent, how often, and that nobody who gets them can hold up a run or learn an address from
 * the log.
 */
@Timeout(30)
class NotificationsTests {

    private static final String SECRET_PATH = "/services/T00/B00/x0secret0path0";
    private static final Ended BLOCKED =
            Ended.broken(ExitCode.BLOCKED_TOKEN, "code 100 (TOKEN INVALID)", "renew the token");

    private final Receiver receiver = new Receiver();
    private final Logger logger = (Logger) LoggerFactory.getLogger(RunTelemetry.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void close() throws IOException {
        logger.detachAppender(log);
        receiver.close();
    }

    private NotificationFixture withWebhook(String... more) {
        return with("archive.notify.webhook.url", more);
    }

    private NotificationFixture withPings(String... more) {
        return with("archive.notify.ping-url", more);
    }

    private NotificationFixture with(String url, String... more) {
        String[] settings = Arrays.copyOf(more, more.length + 4);
        settings[more.length] = url;
        settings[more.length + 1] = receiver.address() + SECRET_PATH;
        settings[more.length + 2] = "archive.node";
        settings[more.length + 3] = "second";
        return NotificationFixture.by(settings);
    }

    private List<String> complaints() {
        synchronized (log) {
            return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
        }
    }

    @Test
    void aMessageSaysWhatHappenedAndWhatToDo() {
        try (NotificationFixture teller = withWebhook()) {
            teller.tells(BLOCKED);
        }

        Receiver.Told told = receiver.told().getFirst();
        assertThat(receiver.told()).hasSize(1);
        assertThat(told.line()).isEqualTo("POST " + SECRET_PATH + " HTTP/1.1");
        assertThat(told.headers())
                .containsEntry("X-Note-Archive-Event", "failure")
                .containsKey("X-Note-Archive-Delivery")
                .doesNotContainKeys("Authorization", "X-Note-Archive-Signature");
        assertThat(told.headers().get("Content-Type")).startsWith("application/json");
        JsonNode message = JsonMapper.shared().readTree(told.body());
        assertThat(message.path("version").asInt()).isEqualTo(1);
        assertThat(message.path("event").asString()).isEqualTo("failure");
        assertThat(message.path("command").asString()).isEqualTo("run");
        assertThat(message.path("node").asString()).isEqualTo("second");
        assertThat(message.path("night").asString()).isEqualTo("2026-03-10");
        assertThat(message.path("at").asString()).isEqualTo("2026-03-10T04:00:00Z");
        assertThat(message.path("exitCode").asInt()).isEqualTo(4);
        assertThat(message.path("result").asString()).isEqualTo("BLOCKED_TOKEN");
        assertThat(message.path("reason").asString()).isEqualTo("code 100 (TOKEN INVALID)");
        assertThat(message.path("next").asString()).isEqualTo("renew the token");
        assertThat(message.path("notes").isNull()).isTrue();
        assertThat(message.path("text").asString()).contains("second", "BLOCKED_TOKEN (exit 4)", "renew the token");
        assertThat(complaints()).isEmpty();
    }

    @Test
    void messagesOfARunThatGoesOnPastMidnightNameTheNightInWhichItBegan() {
        try (NotificationFixture teller = withWebhook("archive.notify.events", "start,failure")) {
            teller.isAt(Instant.parse("2026-03-10T15:50:00Z"));
            teller.telemetry.open("run");
            teller.telemetry.begins(false);
            teller.isAt(Instant.parse("2026-03-10T16:10:00Z"));
            teller.telemetry.ended(BLOCKED);
        }

        assertThat(receiver.told())
                .map(told -> JsonMapper.shared().readTree(told.body()))
                .extracting(
                        message -> message.path("event").asString(),
                        message -> message.path("night").asString())
                .containsExactly(tuple("start", "2026-03-10"), tuple("failure", "2026-03-10"));
    }

    @Test
    void aMessageCarriesATokenAndASignatureThatCanBeChecked() throws Exception {
        try (NotificationFixture teller = withWebhook(
                "archive.notify.webhook.token", "bearer-1",
                "archive.notify.webhook.secret", "key-2")) {
            teller.tells(BLOCKED);
        }

        Receiver.Told told = receiver.told().getFirst();
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("key-2".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        assertThat(told.headers())
                .containsEntry("Authorization", "Bearer bearer-1")
                .containsEntry(
                        "X-Note-Archive-Signature", "sha256=" + HexFormat.of().formatHex(mac.doFinal(told.body())));
    }

    @ParameterizedTest
    @CsvSource({
        "COMPLETED, success, ''",
        "QUOTA_EXHAUSTED, success, ''",
        "INCOMPLETE, attention, ''",
        "INTERRUPTED, attention, ''",
        "FAILED, failure, /1",
        "USAGE, failure, /2",
        "BLOCKED_BALANCE, failure, /4",
        "UPSTREAM_UNAVAILABLE, failure, /8"
    })
    void eachEndIsAnEventAndAPing(ExitCode exitCode, String event, String below) {
        String address = receiver.address();
        try (NotificationFixture teller = NotificationFixture.by(
                "archive.notify.webhook.url", address + "/hook",
                "archive.notify.ping-url", address + "/check/",
                "archive.notify.events", "start,success,attention,failure,overlap")) {
            teller.tells(Ended.broken(exitCode, "why", "what next"));
        }

        assertThat(receiver.told()).hasSize(2);
        assertThat(receiver.told())
                .anySatisfy(told -> assertThat(told.headers()).containsEntry("X-Note-Archive-Event", event))
                .anySatisfy(told -> assertThat(told.line()).startsWith("POST /check" + below + "?rid="));
    }

    @Test
    void anotherRunOfTheNodeIsToldOfWhenAskedForAndNeverPinged() {
        Ended overlap = Ended.broken(ExitCode.ALREADY_RUNNING, "another run is active", "nothing");
        try (NotificationFixture teller = withPings()) {
            teller.tells(overlap);
        }
        try (NotificationFixture teller = withWebhook()) {
            teller.tells(overlap);
        }
        assertThat(receiver.told()).isEmpty();

        try (NotificationFixture teller = withWebhook("archive.notify.events", "overlap")) {
            teller.tells(overlap);
        }
        assertThat(receiver.told()).hasSize(1);
    }

    @Test
    void startIsPingedBeforeTheEndWithTheSameRun() {
        try (NotificationFixture teller = withPings()) {
            teller.telemetry.open("run");
            teller.telemetry.begins(false);
            teller.telemetry.ended(BLOCKED);
        }

        assertThat(receiver.told())
                .extracting(told -> told.line().replaceFirst("\\?rid=.* ", " "))
                .containsExactly("POST " + SECRET_PATH + "/start HTTP/1.1", "POST " + SECRET_PATH + "/4 HTTP/1.1");
        assertThat(receiver.told())
                .extracting(told -> told.line().replaceFirst(".*rid=(\\S+).*", "$1"))
                .satisfies(rids -> assertThat(rids.getFirst()).isEqualTo(rids.getLast()));
    }

    @Test
    void whatIsNotTakenIsSentAgainUnderTheSameNumber() {
        receiver.answers(Receiver.status(500), Receiver.status(429));

        try (NotificationFixture teller = withWebhook()) {
            teller.tells(BLOCKED);
        }

        assertThat(receiver.told()).hasSize(3);
        assertThat(receiver.told())
                .extracting(told -> told.headers().get("X-Note-Archive-Delivery"))
                .containsOnly(receiver.told().getFirst().headers().get("X-Note-Archive-Delivery"));
        assertThat(complaints()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"301", "302", "307", "400", "401", "404", "410"})
    void whatIsRefusedIsNotSentAgainNorFollowedAndIsLoggedWithoutTheAddress(int status) throws IOException {
        try (Receiver elsewhere = new Receiver();
                NotificationFixture teller = withWebhook()) {
            receiver.always(Receiver.status(status, "Location: " + elsewhere.address() + SECRET_PATH));

            teller.tells(BLOCKED);

            assertThat(elsewhere.told()).isEmpty();
        }

        assertThat(receiver.told()).hasSize(1);
        assertThat(complaints())
                .singleElement()
                .asString()
                .contains(receiver.address() + "/***", "HTTP " + status)
                .doesNotContain("secret", "services");
    }

    /** Who does his worst. */
    enum Hostile {
        SILENT,
        DRIPPING,
        ENDLESS,
        CLOSED
    }

    @ParameterizedTest
    @EnumSource
    void whoDoesHisWorstIsGivenUpWhenTheTimeIsOver(Hostile hostile) throws IOException {
        switch (hostile) {
            case SILENT -> receiver.always(receiver.silence());
            case DRIPPING -> receiver.always(receiver.dripping());
            case ENDLESS -> receiver.always(Receiver.endless());
            case CLOSED -> receiver.close();
        }
        // where nobody is to be given up, a machine that is busy must not be taken for one
        String patience = hostile == Hostile.ENDLESS ? "20s" : "1s";

        try (NotificationFixture teller = NotificationFixture.by(
                "archive.notify.webhook.url", receiver.address() + SECRET_PATH,
                "archive.notify.ping-url", receiver.address() + SECRET_PATH,
                "archive.metrics.push-url", receiver.address() + SECRET_PATH,
                "archive.metrics.otlp-url", receiver.address() + SECRET_PATH,
                "archive.notify.timeout", patience,
                "archive.metrics.timeout", patience)) {
            teller.telemetry.open("run");
            teller.telemetry.begins(false);
            teller.telemetry.ended(BLOCKED);
        }

        assertThat(complaints().stream().map(line -> line.split(" ")[0])).doesNotHaveDuplicates();
        assertThat(complaints())
                .allSatisfy(line -> assertThat(line).contains("/***").doesNotContain("secret", "services"));
        if (hostile == Hostile.ENDLESS) {
            assertThat(complaints())
                    .as("its status is good, and that is enough")
                    .isEmpty();
        } else {
            assertThat(complaints()).isNotEmpty();
        }
    }

    @Test
    void aHostThatIsNotThereIsLoggedOnceForEachReceiver() throws IOException {
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }
        String address = "http://user:pa0ss@127.0.0.1:" + nobody + SECRET_PATH;

        try (NotificationFixture teller = NotificationFixture.by(
                "archive.notify.webhook.url",
                address,
                "archive.notify.timeout",
                "1s",
                "archive.metrics.push-url",
                address,
                "archive.metrics.timeout",
                "3s")) {
            teller.telemetry.open("run");
            teller.telemetry.begins(false);
            teller.telemetry.ended(BLOCKED);
        }

        assertThat(complaints())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .contains("127.0.0.1:" + nobody + "/***")
                        .doesNotContain("secret", "pa0ss", "user"));
    }

    @Test
    void nothingIsToldBeforeACommandOpensItNorWhenNothingIsSet() {
        try (NotificationFixture teller = withWebhook("archive.notify.events", "start,failure")) {
            teller.telemetry.begins(false);
            teller.telemetry.ended(BLOCKED);
        }
        try (NotificationFixture teller = NotificationFixture.by()) {
            teller.tells(BLOCKED);
        }

        assertThat(receiver.told()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "ftp://example.org/x",
        "example.org/x",
        "http:///x",
        "https://example.org/x#y",
        "'http://exa mple.org/x'",
        "http://[::1/x"
    })
    void anAddressThatNoRequestCanGoToIsRefusedWithoutShowingIt(String address) {
        SecretUrl url = new SecretUrl(address);

        assertThat(url.isUsable()).isFalse();
        assertThat(url.toString()).doesNotContain("/x");
    }

    @Test
    void aSettingThatIsNoAddressIsNamedAndNotShown() {
        SecretUrl none = new SecretUrl("hc-ping.com/5bf66975");
        try (ValidatorFactory validators = Validation.buildDefaultValidatorFactory()) {
            Validator validator = validators.getValidator();

            assertThat(validator.validate(new NotifyProperties(
                            Set.of(Event.FAILURE),
                            new NotifyProperties.Webhook(none, new Secret(""), new Secret("")),
                            none,
                            Duration.ofSeconds(20))))
                    .extracting(violation -> violation.getMessage())
                    .containsExactlyInAnyOrder(
                            "archive.notify.webhook.url must be a whole http or https address",
                            "archive.notify.ping-url must be a whole http or https address");
            assertThat(validator.validate(new MetricsProperties(
                            "/var/lib/metrics.txt", none, " ", none, new Secret(""), Duration.ofSeconds(15))))
                    .extracting(violation -> violation.getMessage().split(" ")[0])
                    .containsExactlyInAnyOrder(
                            "archive.metrics.textfile",
                            "archive.metrics.push-url",
                            "archive.metrics.push-job",
                            "archive.metrics.otlp-url");
        }
    }

    @Test
    void userAndPasswordOfAnAddressGoIntoAHeader() {
        SecretUrl url = new SecretUrl("https://me:pa%40ss@example.org:8443/a?b=c");

        assertThat(url.address()).hasToString("https://example.org:8443/a?b=c");
        assertThat(url.address("/start")).hasToString("https://example.org:8443/a/start?b=c");
        assertThat(url.authorization()).hasValue("Basic bWU6cGFAc3M=");
        assertThat(url).hasToString("https://example.org:8443/***");
    }
}
