package mesonet.flink.kinesis;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.kinesis.model.Shard;

/** Decides which shards of a listing may be read now: parents before their children, nothing twice. */
final class ShardPlan {
    private ShardPlan() {}

    /**
     * The shards to begin with, each at the job's beginning: a closed shard may still hold records after it, and its
     * children wait until they are read.
     */
    static List<ShardSplit> next(List<Shard> shards, EnumeratorState state) {
        Set<String> listed = shards.stream().map(Shard::shardId).collect(Collectors.toSet());
        List<ShardSplit> next = new ArrayList<>();
        for (Shard shard : shards) {
            String id = shard.shardId();
            if (state.assigned().contains(id) || state.finished().contains(id)) continue;
            if (!parents(shard).stream().allMatch(parent -> isRead(parent, listed, state))) continue;
            next.add(ShardSplit.fresh(id, state.position().isOldest() ? null : (Long) state.position().millis()));
        }
        return next;
    }

    private static boolean isRead(String parent, Set<String> listed, EnumeratorState state) {
        return !listed.contains(parent) || state.finished().contains(parent);
    }

    private static Set<String> parents(Shard shard) {
        Set<String> parents = new HashSet<>();
        if (shard.parentShardId() != null) parents.add(shard.parentShardId());
        if (shard.adjacentParentShardId() != null) parents.add(shard.adjacentParentShardId());
        return parents;
    }
}
