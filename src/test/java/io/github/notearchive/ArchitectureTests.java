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
import io.github.notearchive.cli.ArchiveCommand;
import io.github.notearchive.cli.CommandContext;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;

/** Checks the arrows between modules and the house rules that the compiler does not check. */
@AnalyzeClasses(packages = ArchitectureTests.BASE, importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

    static final String BASE = "io.github.notearchive";

    /** The modules that a module may use beside {@code note} and {@code io}. {@code cli} may use all. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry("note", Set.of()),
            Map.entry("io", Set.of()),
            Map.entry("provider", Set.of()),
            Map.entry("media", Set.of()),
            Map.entry("store", Set.of()),
            Map.entry("batch", Set.of()),
            Map.entry("embedded", Set.of()),
            Map.entry("sandbox", Set.of()),
            Map.entry("archive", Set.of("provider", "store")),
            Map.entry("prove", Set.of("archive", "batch", "store")),
            Map.entry("nightly", Set.of("archive", "batch", "provider", "media", "prove", "store")),
            Map.entry("maintenance", Set.of("archive", "batch", "prove", "provider", "store")),
            Map.entry("report", Set.of("archive", "batch", "store")),
            Map.entry("telemetry", Set.of("archive", "batch")),
            Map.entry("export", Set.of("archive", "report", "store")),
            Map.entry("publish", Set.of("archive", "batch", "export", "store")),
            Map.entry("browse", Set.of("archive", "batch", "report", "store")),
            Map.entry("", Set.of("cli", "embedded")));

    /** Calls that create threads, executors or HTTP clients. */
    private static final List<String> CREATIONS = List.of(
            "java.lang.Thread.of",
            "java.net.http.HttpClient.new",
            "java.util.Timer.<init>",
            "java.util.concurrent.Executors.new",
            "java.util.concurrent.ScheduledThreadPoolExecutor.<init>",
            "java.util.concurrent.ThreadPoolExecutor.<init>",
            "okhttp3.OkHttpClient$Builder.build",
            "org.apache.hc.client5.http.impl.classic",
            "org.springframework.core.task.SimpleAsyncTaskExecutor.<init>");

    /** Classes outside of {@code io} that create them. This list may only shrink. */
    private static final List<String> CREATORS = List.of(
            "LiveProgress", "NightlyJob", "Receivers", "ResponseWriter", "RunWatchdog", "SystemChecks", "Thumbnails");

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

    /** A command obtains its action only, so it starts nothing that it does not need. */
    @ArchTest
    static void aCommandObtainsAtMostOneBean(JavaClasses classes) {
        for (JavaClass command : classes.that(JavaClass.Predicates.assignableTo(ArchiveCommand.class))) {
            assertThat(command.getMethodCallsFromSelf())
                    .as(command.getSimpleName())
                    .filteredOn(call -> call.getTargetOwner().isEquivalentTo(CommandContext.class)
                            && call.getName().equals("get"))
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

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
            forbidden.removeAll(List.of(from, "note", "io"));

            noClasses()
                    .that(areIn(Set.of(from)))
                    .should()
                    .dependOnClassesThat(areIn(forbidden))
                    .check(classes);
        });
    }

    @ArchTest
    static void httpClientsAndExecutorsAreCreatedInOnePlace(JavaClasses classes) {
        Set<String> creators = classes.stream()
                .filter(type -> !packageOf(type).equals("io"))
                .filter(type -> type.getAccessesFromSelf().stream()
                        .map(access -> access.getTargetOwner().getName() + "."
                                + access.getTarget().getName())
                        .anyMatch(access -> CREATIONS.stream().anyMatch(access::startsWith)))
                .map(JavaClass::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(creators).containsExactlyElementsOf(CREATORS);
    }

    @ArchTest
    static void everyPackageHasAPurposeAndIsNullMarked(JavaClasses classes) throws ClassNotFoundException {
        Set<String> packages =
                classes.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));
        for (String name : packages) {
            Class<?> info = Class.forName(name + ".package-info");

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
