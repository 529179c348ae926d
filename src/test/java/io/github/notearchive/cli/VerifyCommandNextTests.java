package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifySummary;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recommended action after an audit with findings. */
class VerifyCommandNextTests {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    false | false | verify --repair makes damaged files due, --delete-orphans removes orphans
                    true  | false | verify --delete-orphans removes orphans
                    false | true  | verify --repair makes damaged files due
                    true  | true  | fixity_finding.repair has the reason of each remaining finding
                    """)
    void givenOptionsAreNotRecommended(boolean repair, boolean deleteOrphans, String next) {
        VerifySummary findings = new VerifySummary(
                ExitCode.FINDINGS,
                "1 file is missing",
                1L,
                1L,
                false,
                1,
                0,
                0,
                0,
                0,
                0,
                Map.of(Damage.Kind.MISSING, 1L),
                List.of(),
                0,
                0,
                null,
                new VerifySummary.Repaired(0, 0, 0, 1, List.of(), List.of()),
                Duration.ofSeconds(1));

        assertThat(VerifyCommand.next(findings, repair, deleteOrphans)).isEqualTo(next);
    }
}
