#!/usr/bin/env bash
# What the pocket model learns in five games that had no part in its making, side by side, two cores each:
# catch, snake and maze on OpenEnv's own servers, the game of `arcade new-game`, Gopher with named fields (gopher.py).
#
#   WEIGHTS=folder ENVS=OpenEnv/envs [KEEP=folder] [CORES="0-1 2-3 ..."] [SECONDS_EACH=660] benchmarks/unseen/learn.sh
#
# Before that every game is sampled 512 times (acceptance --unseen; SAMPLES), all five side by side: on the cores of ACCEPTANCE_CORES, for
# one game each in the order of `names` below or for all, on the card that ACCEPTANCE_CARD names. They are stored in the folder MEASURED,
# or a copy of WEIGHTS. SECONDS_EACH=0: that alone. NO_ACCEPTANCE=1: no sampling. Snake and maze play one game at a time on a server, so
# there are several of each, SNAKES and MAZES (at least 2) for the acceptance. From the repository's root; `openenv[core]`, `open_spiel`, `marlenv`
# and `gym` must be importable for the servers (SERVERS_PATH goes in front of their PYTHONPATH).
# In $KEEP: acceptance.json, and config.json, log.txt and run.db of each run. Started again it goes on with what was begun.
set -uo pipefail
: "${WEIGHTS:?a model folder}" "${ENVS:?the folder envs of OpenEnv}" "${KEEP:=outputs/unseen}" "${SECONDS_EACH:=660}"
PYTHON=${PYTHON:-python3}; read -ra places <<< "${CORES:-0-1 2-3 4-5 6-7 8-9}"
WEIGHTS=$(realpath "$WEIGHTS"); mkdir -p "$KEEP"; KEEP=$(realpath "$KEEP"); root=$PWD
work=${WORK:-$KEEP/work}; mkdir -p "$work/plugged/unseen_games-1.dist-info"
export CUDA_VISIBLE_DEVICES="" SDL_VIDEODRIVER=dummy SDL_AUDIODRIVER=dummy HF_HUB_OFFLINE=1 ENABLE_WEB_INTERFACE=false
export PYTHONPATH="$work/plugged:$root${PYTHONPATH:+:$PYTHONPATH}"

# Two games of other packages: what pip would write down when it installs them.
arcade() { "$PYTHON" -m grpo_arcade "$@"; }
[ -d "$work/plugged/apples" ] || { (cd "$work" && rm -rf apples && arcade new-game apples) && cp -r "$work/apples/apples" "$work/plugged/"; }
printf 'Metadata-Version: 2.1\nName: unseen-games\nVersion: 1\n' > "$work/plugged/unseen_games-1.dist-info/METADATA"
name=$(grep -A3 'grpo_arcade.games' "$work/apples/pyproject.toml" | grep apples)
printf '[grpo_arcade.games]\ngopher = benchmarks.unseen.gopher:Gopher\n%s\n' "$(echo "$name" | tr -d '"')" > "$work/plugged/unseen_games-1.dist-info/entry_points.txt"

servers=()
serve() { # the environment, its port
  (cd "$ENVS/$1" && PYTHONPATH=".:${SERVERS_PATH:-}" OPENSPIEL_GAME=catch MAX_CONCURRENT_ENVS=64 exec "$PYTHON" -m uvicorn server.app:app --port "$2" --log-level warning) > "$KEEP/server-$2.txt" 2>&1 &
  servers+=($!)
}
last_maze=$((8110 + ${MAZES:-2})) last_snake=$((8129 + ${SNAKES:-2}))  # 8111 and 8130 up are for the acceptance
ports=(8101)
[ "$SECONDS_EACH" = 0 ] || ports+=(8110 8120 8121 8122 8123)
[ -n "${NO_ACCEPTANCE:-}" ] || ports+=($(seq 8111 $last_maze) $(seq 8130 $last_snake))
for port in "${ports[@]}"; do
  case $port in 8101) serve openspiel_env $port ;; 811?) serve maze_env $port ;; *) serve snake_env $port ;; esac
done
trap 'kill "${servers[@]}" 2>/dev/null' EXIT
for i in "${!ports[@]}"; do # one that ended at once is not waited for
  for _ in $(seq 120); do (exec 3<> /dev/tcp/127.0.0.1/${ports[$i]}) 2>/dev/null || ! kill -0 "${servers[$i]}" 2>/dev/null && break; sleep 1; done
done

games=(apples gopher openenv:ws://127.0.0.1:8101 openenv:ws://127.0.0.1:8110 openenv:ws://127.0.0.1:8120-8123)
sampled=(apples gopher openenv:ws://127.0.0.1:8101 openenv:ws://127.0.0.1:8111-$last_maze openenv:ws://127.0.0.1:8130-$last_snake)
sampled_so=("" "--options max_num_frames_per_episode=6000" "" "" "--options step_cap=200")
names=(apples gopher catch maze snake)
usual="--max-steps 2000 --save-steps 50 --eval-strategies 64"
ways=("$usual --eval-steps 10 --eval-seeds 16"
      "$usual --eval-steps 10 --eval-seeds 2 --train-seeds 1 --num-generations 32 --game-options max_num_frames_per_episode=6000"
      "$usual --eval-steps 10 --eval-seeds 16 --train-seeds 8 --rewards universal legal_actions"
      "$usual --eval-steps 10 --eval-seeds 1 --train-seeds 1 --workers 1"
      "$usual --eval-steps 10 --eval-seeds 1 --train-seeds 1 --workers 2 --game-options step_cap=200")
accept() {
  measured=${MEASURED:-$work/measured}
  [ -d "$measured" ] || cp -r "$WEIGHTS" "$measured"
  read -ra where <<< "${ACCEPTANCE_CORES:-0-$(($(nproc) - 1))}"
  measuring=()
  for i in "${!sampled[@]}"; do
    said=$KEEP/acceptance-${names[$i]}.txt; [ -f "$KEEP/accepted-${names[$i]}" ] && continue
    read -ra options <<< "${sampled_so[$i]}"
    (CUDA_VISIBLE_DEVICES=${ACCEPTANCE_CARD:-} taskset -c "${where[$i]:-${where[0]}}" timeout 600 "$PYTHON" -m grpo_arcade.trainer.models.pocket.acceptance "$measured" \
      --samples "${SAMPLES:-512}" --unseen "${sampled[$i]}" "${options[@]}" > "$said" 2>&1
    if found=$(grep -a -F "${sampled[$i]} " "$said"); then touch "$KEEP/accepted-${names[$i]}"; else found=$(tail -n 1 "$said"); fi
    cp "$measured/pretrain.json" "$KEEP/acceptance.json"; echo "acceptance of ${names[$i]}: $found") &
    measuring+=($!)
  done
  [ ${#measuring[@]} = 0 ] || wait "${measuring[@]}"
}
accepting=
if [ -z "${NO_ACCEPTANCE:-}" ]; then
  if [ -n "${ACCEPTANCE_CORES:-}" ] && [ "$SECONDS_EACH" != 0 ]; then accept & accepting=$!; else accept; fi
fi
[ "$SECONDS_EACH" != 0 ] || exit 0
pids=()
for i in "${!places[@]}"; do
  k=$((i % 5)); name=${names[$k]}; read -ra words <<< "${ways[$k]}"
  # Places beyond the first five play the same games with the other seed.
  [ "$i" -lt 5 ] || { name+="-1"; words+=(--seed 1); }
  if [ -f "$work/runs/$name/run.db" ]; then what=(--resume "$work/runs/$name" --trust)
  else what=("${games[$k]}" --model "$WEIGHTS" "${words[@]}" --threads 2 --run-name "$name" --output-dir "$work/runs"); fi
  taskset -c "${places[$i]}" timeout -s INT -k 60 "$SECONDS_EACH" "$PYTHON" -m grpo_arcade train "${what[@]}" > "$KEEP/$name.out" 2>&1 &
  pids+=($!)
done
keep() { for run in "$work"/runs/*/run.db; do [ -f "$run" ] || continue; from=${run%/run.db}; to="$KEEP/${from##*/}"; mkdir -p "$to"; cp "$from"/config.json "$from"/log.txt "$from"/run.db* "$to"/ 2>/dev/null; echo "${from##*/}: $(grep -a -E "step|held" "$KEEP/${from##*/}.out" | tail -n 1)"; done; }
while sleep 30; do keep; alive=0; for p in "${pids[@]}"; do kill -0 "$p" 2>/dev/null && alive=1; done; [ $alive = 1 ] || break; done
[ -z "$accepting" ] || wait "$accepting"
keep; true
