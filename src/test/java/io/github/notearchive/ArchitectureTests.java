package io.github.notearchive;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;

/** The arrows between the packages, and the house rules that a compiler does not check. */
@AnalyzeClasses(packages = ArchitectureTests.BASE, importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

    static final String BASE = "io.github.notearchive";

    /** What each package may know, itself aside. {@code cli} may know all of them. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry("note", Set.of()),
            Map.entry("file", Set.of()),
            Map.entry("sql", Set.of()),
            Map.entry("http", Set.of()),
            Map.entry("source", Set.of("settings", "http", "note")),
            Map.entry("ledger", Set.of("source", "sql", "file", "note")),
            Map.entry("media", Set.of("file", "http", "note")),
            Map.entry("objectstore", Set.of("settings", "http")),
            Map.entry("catalog", Set.of("objectstore", "sql", "note")),
            Map.entry("worklist", Set.of("sql", "note")),
            Map.entry(
                    "job",
                    Set.of(
                            "worklist",
                            "source",
                            "ledger",
                            "media",
                            "catalog",
                            "sidecar",
                            "fixity",
                            "objectstore",
                            "sql",
                            "note")),
            Map.entry("sidecar", Set.of("worklist", "source", "ledger", "catalog", "objectstore", "sql", "note")),
            Map.entry("fixity", Set.of("worklist", "source", "ledger", "catalog", "sidecar", "objectstore", "note")),
            Map.entry(
                    "telemetry",
                    Set.of(
                            "job",
                            "worklist",
                            "source",
                            "ledger",
                            "media",
                            "catalog",
                            "fixity",
                            "settings",
                            "http",
                            "sql",
                            "note")),
            Map.entry("html", Set.of("note")),
            Map.entry("export", Set.of("worklist", "objectstore", "html", "note")),
            Map.entry(
                    "report",
                    Set.of(
                            "job",
                            "source",
                            "ledger",
                            "worklist",
                            "catalog",
                            "fixity",
                            "objectstore",
                            "html",
                            "sql",
                            "file",
                            "note")),
            Map.entry("embedded", Set.of("file")),
            Map.entry("sandbox", Set.of()),
            Map.entry("settings", Set.of()),
            Map.entry("", Set.of("cli")));

    @ArchTest
    static final ArchRule packagesAreFreeOfCycles =
            SlicesRuleDefinition.slices().matching(BASE + ".(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule namesSayWhatAThingIs =
            noClasses().should().haveNameMatching(".*(Util|Utils|Helper|Manager|Impl|Dto|Service)(\\$.*)?");

    @ArchTest
    static final ArchRule partsAreGivenToConstructors = GeneralCodingRules.NO_CLASSES_SHOULD_USE_FIELD_INJECTION;

    @ArchTest
    static final ArchRule logsGoThroughSlf4j = GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

    @ArchTest
    static final ArchRule onlyCommandsPrint = noClasses()
            .that()
            .resideOutsideOfPackage(BASE + ".cli..")
            .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS);

    @ArchTest
    static void everyPackageHasItsArrows(JavaClasses classes) {
        Set<String> expected = new TreeSet<>(ARROWS.keySet());
        expected.add("cli");

        assertThat(packagesOf(classes)).containsExactlyInAnyOrderElementsOf(expected);
    }

    @ArchTest
    static void packagesKnowOnlyWhatTheArrowsAllow(JavaClasses classes) {
        Set<String> all = packagesOf(classes);
        ARROWS.forEach((from, allowed) -> {
            Set<String> forbidden = new TreeSet<>(all);
            forbidden.removeAll(allowed);
            forbidden.remove(from);

            noClasses()
                    .that(areIn(Set.of(from)))
                    .should()
                    .dependOnClassesThat(areIn(forbidden))
                    .check(classes);
        });
    }

    @ArchTest
    static void everyPackageSaysWhatItIsForAndIsNullMarked(JavaClasses classes) throws ClassNotFoundException {
        for (String name : packagesOf(classes)) {
            Class<?> info = Class.forName((name.isEmpty() ? BASE : BASE + "." + name) + ".package-info");

            assertThat(info).hasAnnotation(NullMarked.class);
        }
    }

    private static Set<String> packagesOf(JavaClasses classes) {
        return classes.stream().map(ArchitectureTests::packageOf).collect(Collectors.toCollection(TreeSet::new));
    }

    private static DescribedPredicate<JavaClass> areIn(Set<String> packages) {
        return DescribedPredicate.describe(
                "are in " + packages,
                type -> (type.getPackageName().equals(BASE)
                                || type.getPackageName().startsWith(BASE + "."))
                        && packages.contains(packageOf(type)));
    }

    private static String packageOf(JavaClass type) {
        String below = type.getPackageName().substring(BASE.length());
        return below.isEmpty() ? "" : below.substring(1).split("\\.")[0];
    }
}
