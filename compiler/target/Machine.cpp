#include "compiler/target/Machine.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include "llvm/MC/MCSubtargetInfo.h"

namespace lamina::target {

namespace {

void initializeTargets(bool all) {
  static bool native = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
    return true;
  }();
  (void)native;
  if (!all)
    return;
  static bool every = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
  (void)every;
}

void setVectors(Machine &machine, const llvm::MCSubtargetInfo &info) {
  llvm::Triple triple(machine.triple);
  if (triple.isX86()) {
    bool wide = info.checkFeatures("+avx512f"), avx = info.checkFeatures("+avx");
    machine.vectorBytes = wide ? 64 : avx ? 32 : 16;
    machine.registers = wide ? 32 : 16;
  } else {
    machine.vectorBytes = 16;
    machine.registers = triple.isAArch64() || triple.isRISCV() ? 32 : 16;
  }
}

/// What LLVM's default CPU lacks of what systems with this triple take for granted.
std::string baselineFeatures(const llvm::Triple &triple) {
  // The profile G with compressed instructions, as C compilers do; without it there is no floating point.
  if (triple.isRISCV())
    return "+m,+a,+f,+d,+c";
  // WebAssembly 2.0.
  return triple.isWasm() ? "+simd128" : "";
}

llvm::Expected<Machine> complete(Machine machine) {
  std::string message;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(llvm::Triple(machine.triple), message);
  if (!target)
    return llvm::createStringError("target '" + machine.triple +
                                   "' is unknown: give an LLVM triple such as aarch64-linux-gnu");
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(llvm::Triple(machine.triple), machine.cpu, machine.features));
  if (!info || (!machine.cpu.empty() && !info->isCPUStringValid(machine.cpu)))
    return llvm::createStringError("cpu '" + machine.cpu + "' is unknown for target " + machine.triple);
  setVectors(machine, *info);
  return machine;
}

} // namespace

const Machine &hostMachine() {
  static const Machine machine = [] {
    initializeTargets(false);
    Machine host;
    host.triple = llvm::sys::getProcessTriple();
    host.cpu = llvm::sys::getHostCPUName().str();
    llvm::SubtargetFeatures features;
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      features.AddFeature(feature.first(), feature.second);
    host.features = features.getString();
    return llvm::cantFail(complete(std::move(host)));
  }();
  return machine;
}

llvm::Expected<Machine> findMachine(llvm::StringRef triple, llvm::StringRef cpu) {
  if (triple.empty() && cpu.empty())
    return hostMachine();
  initializeTargets(true);
  Machine machine;
  machine.triple = triple.empty() ? llvm::sys::getProcessTriple() : llvm::Triple::normalize(triple);
  machine.cpu = cpu.str();
  if (cpu.empty())
    machine.features = baselineFeatures(llvm::Triple(machine.triple));
  if (!llvm::Triple(machine.triple).isLittleEndian())
    return llvm::createStringError("target " + machine.triple +
                                   " is big-endian: give one that stores numbers as this machine does");
  return complete(std::move(machine));
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const Machine &machine,
                                                                         bool positionIndependent) {
  std::string message;
  llvm::Triple triple(machine.triple);
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError(message);
  llvm::TargetOptions options;
  std::unique_ptr<llvm::TargetMachine> result(target->createTargetMachine(
      triple, machine.cpu, machine.features, options, triple.isWasm() ? llvm::Reloc::Static : llvm::Reloc::PIC_,
      positionIndependent ? std::optional<llvm::CodeModel::Model>() : llvm::CodeModel::Small,
      llvm::CodeGenOptLevel::Default));
  if (!result)
    return llvm::createStringError("no code generator for " + machine.triple);
  return result;
}

} // namespace lamina::target
