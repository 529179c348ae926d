package io.github.notearchive.export;

import static io.github.notearchive.export.ExportScenario.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import gov.loc.repository.bagit.domain.Bag;
import gov.loc.repository.bagit.exceptions.CorruptChecksumException;
import gov.loc.repository.bagit.reader.BagReader;
import gov.loc.repository.bagit.verify.BagVerifier;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bag is one to the Library of Congress' own program. */
class BagTests {

    @TempDir
    Path directory;

    @Test
    void aBagIsValidWithAllItsFilesAndOneThatIsChangedIsNot() throws Exception {
        Path target = directory.resolve("bag");
        try (SmallArchive archive = SmallArchive.filled()) {
            ExportReport report = archive.exporter().export(options(ExportFormat.BAGIT, target), () -> false);
            assertThat(report.copied()).isEqualTo(4);
            assertThat(report.isWhole()).isTrue();
        }

        Bag bag = new BagReader().read(target);
        try (BagVerifier verifier = new BagVerifier()) {
            verifier.isValid(bag, false);
            BagVerifier.quicklyVerify(bag);
            assertThat(bag.getVersion().toString()).isEqualTo("1.0");
            assertThat(bag.getPayLoadManifests())
                    .singleElement()
                    .satisfies(manifest ->
                            assertThat(manifest.getFileToChecksumMap()).hasSize(11));
            assertThat(bag.getMetadata().get("Payload-Oxum")).hasSize(1);
            try (Duck duck = new Duck()) {
                assertThat(duck.one("SELECT count(*) FROM "
                                + Duck.read(ExportFormat.JSONL, target.resolve("data"), "notes")))
                        .isEqualTo("4");
            }

            Files.writeString(target.resolve("data/notes.jsonl"), "{}\n");
            assertThatExceptionOfType(CorruptChecksumException.class)
                    .isThrownBy(() -> verifier.isValid(new BagReader().read(target), false));
        }
    }
}
