package mesonet.flink.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.kinesis.model.Shard;

/** A stream that was split and merged: 0 became 1 and 2, which became 3. */
class ShardPlanTest {
    private static final List<Shard> ALL =
            List.of(shard("0", null, null), shard("1", "0", null), shard("2", "0", null), shard("3", "1", "2"));

    private static Shard shard(String id, String parent, String adjacent) {
        return Shard.builder().shardId(id).parentShardId(parent).adjacentParentShardId(adjacent).build();
    }

    private static List<String> next(List<Shard> shards, Set<String> assigned, Set<String> finished) {
        EnumeratorState state =
                new EnumeratorState(assigned, finished, new LinkedHashSet<>(), new StartPosition(true, 0));
        return ShardPlan.next(shards, state).stream().map(ShardSplit::shardId).toList();
    }

    @Test
    void parentsComeBeforeTheirChildren() {
        assertEquals(List.of("0"), next(ALL, Set.of(), Set.of()));
        assertEquals(List.of(), next(ALL, Set.of("0"), Set.of()));
        assertEquals(List.of("1", "2"), next(ALL, Set.of(), Set.of("0")));
    }

    @Test
    void aMergedShardWaitsForBothParents() {
        assertEquals(List.of(), next(ALL, Set.of("2"), Set.of("0", "1")));
        assertEquals(List.of("3"), next(ALL, Set.of(), Set.of("0", "1", "2")));
    }

    @Test
    void parentsThatTheStreamHasForgottenHoldNothingBack() {
        assertEquals(List.of("2", "1"), next(List.of(ALL.get(2), ALL.get(1), ALL.get(3)), Set.of(), Set.of()));
    }

    @Test
    void aFreshShardBeginsWhereTheJobBegan() {
        EnumeratorState state =
                new EnumeratorState(Set.of(), Set.of(), new LinkedHashSet<>(), new StartPosition(false, 1234));
        assertEquals(
                new ShardSplit("0", null, 1234L, Long.MIN_VALUE), ShardPlan.next(ALL, state).get(0));
    }

    @Test
    void whatACheckpointKeepsIsReadBack() throws Exception {
        EnumeratorState state =
                new EnumeratorState(
                        new LinkedHashSet<>(Set.of("1")),
                        new LinkedHashSet<>(Set.of("0")),
                        new LinkedHashSet<>(Set.of(new ShardSplit("2", "495", null, 7))),
                        new StartPosition(false, 99));
        var serializer = Serializers.enumerator();
        assertEquals(state, serializer.deserialize(serializer.getVersion(), serializer.serialize(state)));
    }
}
