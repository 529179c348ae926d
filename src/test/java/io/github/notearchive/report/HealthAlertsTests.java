package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.report.Health.HealthCause;
import io.github.notearchive.report.Health.Level;
import io.github.notearchive.report.HealthCheck.HealthProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The reasons of {@code status} and the alerts of Prometheus are one list. */
class HealthAlertsTests {

    /** About monitoring itself, about the machine of one node, or trends, of which {@code status} has no series. */
    private static final Set<String> NO_REASON = Set.of(
            "NoteArchiveMetricsMissing",
            "NoteArchiveOverlaps",
            "NoteArchiveSpoolFull",
            "NoteArchiveDiskFull",
            "NoteArchiveNotificationFailed",
            "NoteArchiveQuotaEveryNight",
            "NoteArchiveIncompleteEveryNight",
            "NoteArchiveBacklogGrows");

    /** Before the first run there are no metrics; files are seen on their own machine only. */
    private static final Set<HealthCause> NO_ALERT =
            EnumSet.of(HealthCause.WORKLIST_EMPTY, HealthCause.RESPONSES_IN_FILES, HealthCause.BUCKET_DIFFERS);

    private List<Alert> alerts = List.of();

    private record Alert(String name, String expression, String severity, String cause) {}

    @BeforeEach
    void readAlerts() throws IOException {
        Map<String, List<Map<String, List<Map<String, Object>>>>> file = new Yaml(
                        new SafeConstructor(new LoaderOptions()))
                .load(Files.readString(Path.of("config", "prometheus", "alerts.yml")));
        alerts = file.get("groups").stream()
                .flatMap(group -> group.get("rules").stream())
                .map(HealthAlertsTests::alert)
                .toList();
    }

    private static Alert alert(Map<String, Object> rule) {
        Map<?, ?> labels = (Map<?, ?>) rule.get("labels");
        Object cause = labels.get("cause");
        return new Alert(
                rule.get("alert").toString(),
                rule.get("expr").toString(),
                labels.get("severity").toString(),
                cause == null ? "" : cause.toString());
    }

    @Test
    void everyWarningHasAnAlertAndEveryAlertAReason() {
        Set<String> expected = Arrays.stream(HealthCause.values())
                .filter(cause -> cause.level() != Level.HEALTHY)
                .filter(cause -> !NO_ALERT.contains(cause))
                .map(HealthCause::name)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(alerts)
                .filteredOn(alert -> !alert.cause().isEmpty())
                .extracting(Alert::cause)
                .containsOnlyOnceElementsOf(exceptRunFailed(expected))
                .containsAll(expected)
                .isSubsetOf(expected);
        assertThat(alerts)
                .filteredOn(alert -> alert.cause().isEmpty())
                .extracting(Alert::name)
                .containsExactlyInAnyOrderElementsOf(NO_REASON);
    }

    /** A blocked account has an alert of its own. */
    private static Set<String> exceptRunFailed(Set<String> causes) {
        Set<String> others = new TreeSet<>(causes);
        others.remove(HealthCause.RUN_FAILED.name());
        return others;
    }

    @Test
    void aReasonThatIsBrokenIsACriticalAlert() {
        assertThat(alerts)
                .filteredOn(alert -> !alert.cause().isEmpty())
                .allSatisfy(alert -> assertThat(alert.severity())
                        .as(alert.name())
                        .isEqualTo(
                                HealthCause.valueOf(alert.cause()).level() == Level.BROKEN ? "critical" : "warning"));
    }

    @Test
    void bothHaveTheSameLimits() {
        HealthProperties defaults = new Binder(new MapConfigurationPropertySource(Map.of()))
                .bindOrCreate("archive.health", HealthProperties.class);

        assertThat(of(HealthCause.NO_SUCCESS))
                .contains("> %d * 3600".formatted(defaults.successWithin().toHours()));
        assertThat(of(HealthCause.NOT_VERIFIED))
                .contains("> %d * 86400".formatted(defaults.verifiedWithin().toDays()));
        assertThat(Duration.ofDays(defaults.verifiedWithin().toDays())).isEqualTo(defaults.verifiedWithin());
    }

    @Test
    void bothDivideFindingsAlike() {
        assertThat(kinds(of(HealthCause.STORE_DAMAGED))).isEqualTo(kinds(true));
        assertThat(kinds(of(HealthCause.FINDINGS_OPEN))).isEqualTo(kinds(false));
    }

    private static Set<String> kinds(boolean damage) {
        return Arrays.stream(Damage.FindingKind.values())
                .filter(kind -> DataHealth.isDamage(kind) == damage)
                .map(Damage.FindingKind::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> kinds(String expression) {
        String kinds = expression.replaceFirst("(?s).*kind=~\"([^\"]*)\".*", "$1");
        return new TreeSet<>(List.of(kinds.toUpperCase(Locale.ROOT).split("\\|")));
    }

    private String of(HealthCause cause) {
        return alerts.stream()
                .filter(alert -> alert.cause().equals(cause.name()))
                .map(Alert::expression)
                .collect(Collectors.joining());
    }
}
