package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
        assertThat(VerifyCommand.furtherOptions(repair, deleteOrphans)).isEqualTo(next);
    }
}
