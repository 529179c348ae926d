package io.github.notearchive.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTests {

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "999, 999 B",
        "1000, 1.0 KB",
        "999949, 999.9 KB",
        "999950, 1.0 MB",
        "999999, 1.0 MB",
        "999999999, 1.0 GB",
        "5000000000000000, 5000.0 TB",
    })
    void aSizeIsBelowAThousandOfItsUnitAsFarAsThereAreUnits(long bytes, String size) {
        assertThat(Figures.size(bytes)).isEqualTo(size);
    }
}
