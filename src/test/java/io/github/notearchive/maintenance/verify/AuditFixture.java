package io.github.notearchive.maintenance.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.maintenance.MaintenanceScenario;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeEach;

/** Fixture of the tests of audits: their clock, objects without a row, and open findings. */
abstract class AuditFixture extends MaintenanceScenario {

    static final String ORPHAN = "media/00/" + "0".repeat(64) + ".jpg";

    /** The store uses the machine's clock, which that of the program must match. */
    @BeforeEach
    void itIsToday() {
        night.clock().set(Instant.now().truncatedTo(ChronoUnit.MILLIS));
    }

    void passes(Duration time) {
        night.clock().set(night.clock().instant().plus(time));
    }

    /** Runs an audit a minute later, so that it does not skip what was verified just before. */
    VerifySummary verify(VerifyOptions options) {
        passes(Duration.ofMinutes(1));
        return audits.verify(options);
    }

    /** Stores an object that no row uses. */
    String plant(String key, Duration ago) throws IOException {
        FileUtils.writeStringToFile(path(key).toFile(), "planted", UTF_8);
        age(key, ago);
        return key;
    }

    String plantOrphan() throws IOException {
        return plant(ORPHAN, Duration.ofDays(2));
    }

    void age(String key, Duration ago) throws IOException {
        Files.setLastModifiedTime(
                path(key), FileTime.from(night.clock().instant().minus(ago)));
    }

    /** Returns kind and key of each open finding. */
    List<String> findings() {
        return texts(
                "SELECT kind || ' ' || object_key FROM fixity_finding WHERE resolved_at IS NULL ORDER BY kind, object_key");
    }
}
